internal import COneDNN
internal import CSimd

/// oneDNN's CPU engine, which the compute contexts and the packed weights of all models share.
///
/// It is immutable, and any number of threads may use it.
public final class ComputeEngine: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Whether `CSimd` computes linear layers whose weights it can read.
    package let multipliesPanels: Bool

    /// Starts the engine.
    ///
    /// - Parameter usesOneDNNOnly: whether oneDNN computes all products, even on processors on which our own are
    ///   faster.
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

    /// The version of the oneDNN library in use, such as "2.6.3".
    public static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        codnn_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether this processor has instructions for products of this format, and oneDNN uses them.
    ///
    /// Without them a bf16 or int8 layer still runs, but slower than f32.
    public func isNative(_ format: NumberFormat) -> Bool {
        switch format {
        case .f32: return true
        case .bf16: guard csimd_processor_multiplies_bf16(), codnn_uses_bf16() else { return false }
        case .int8: guard csimd_processor_multiplies_int8() else { return false }
        }
        // These are a width and a number of rows of ViT-B/32. A format for which oneDNN uses plain loops here is not
        // worth using.
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
            // oneDNN may be limited to less than the processor has; it then sums bytes with saturation.
            return name.contains("amx") || name.contains(format == .bf16 ? "bf16" : "vnni")
            #else
            return !name.contains("ref")
            #endif
        } catch {
            return false
        }
    }
}
