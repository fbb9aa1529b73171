internal import COneDNN
internal import CSimd

/// oneDNN's CPU engine: what the compute contexts and the packed weights of all models share.
///
/// Immutable, and free for use by any number of threads.
public final class ComputeEngine: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Whether linear layers are computed by `CSimd`, where it can read their weights.
    package let multipliesPanels: Bool

    /// Starts it.
    ///
    /// - Parameter usesOneDNNOnly: leaves all products to oneDNN, also on processors where our own are faster.
    public init(usesOneDNNOnly: Bool = false) throws(KernelError) {
        multipliesPanels = !usesOneDNNOnly && csimd_multiplies()
        var pointer: OpaquePointer?
        let status = codnn_engine_create(&pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "engine", status: Int(status))
        }
        self.pointer = pointer
    }

    deinit {
        codnn_engine_destroy(pointer)
    }

    /// The version of the oneDNN that runs, such as "2.6.3".
    public static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        codnn_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether this processor has instructions for products of that format, and oneDNN uses them.
    ///
    /// Without them a bf16 or int8 layer would still run, but slower than f32.
    public func isNative(_ format: NumberFormat) -> Bool {
        switch format {
        case .f32: return true
        case .bf16: guard csimd_processor_multiplies_bf16(), codnn_uses_bf16() else { return false }
        case .int8: guard csimd_processor_multiplies_int8() else { return false }
        }
        // A width and a row count of ViT-B/32; what runs in plain loops for them is not to be used.
        let key = PrimitiveKey.linear(
            rows: 50,
            inputs: 768,
            outputs: 768,
            of: 768,
            format: format,
            outputFormat: .f32,
            hasBias: false,
            activation: nil,
            addsToOutput: false
        )
        do {
            let name = try ComputeContext(engine: self).primitive(for: key).implementation
            #if arch(x86_64)
            // oneDNN may be held to less than the processor has, and then sums bytes with saturation.
            return name.contains("amx") || name.contains(format == .bf16 ? "bf16" : "vnni")
            #else
            return !name.contains("ref")
            #endif
        } catch {
            return false
        }
    }
}
