internal import COneDNN
internal import CSimd
internal import Synchronization

/// oneDNN's CPU engine, which the compute contexts and the packed weights of all models share.
///
/// Any number of threads may use it. A choice of products is made before layers are.
public final class ComputeEngine: @unchecked Sendable {
    let pointer: OpaquePointer
    private let usesOneDNNOnly: Bool
    private let multipliesPanels: Atomic<Bool>

    /// Starts the engine.
    ///
    /// - Parameter usesOneDNNOnly: whether oneDNN computes all products, even on processors on which our own are
    ///   faster.
    public init(usesOneDNNOnly: Bool = false) throws(KernelError) {
        self.usesOneDNNOnly = usesOneDNNOnly
        multipliesPanels = Atomic(!usesOneDNNOnly)
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

    /// The name of the processor and of what of its instructions is used: what packed weights are made for.
    public static var processor: String {
        var name = [CChar](repeating: 0, count: Int(csimd_processor_name_size))
        csimd_processor_name(&name)
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whose products there are on this processor for layers of a format: never none.
    public func products(of format: NumberFormat) -> [ProductSource] {
        !usesOneDNNOnly && csimd_panel(format.format) > 0 ? [.panels, .oneDNN] : [.oneDNN]
    }

    /// Decides whose products layers use that are made from now on; at first these are our own, where there are any.
    public func choose(_ source: ProductSource) {
        multipliesPanels.store(source == .panels && !usesOneDNNOnly, ordering: .relaxed)
    }

    /// The bytes of a layer's weights in panels; nil if oneDNN multiplies.
    func panelBytes(inputs: Int, outputs: Int, format: NumberFormat) -> Int? {
        guard multipliesPanels.load(ordering: .relaxed) else { return nil }
        return PanelWeights.byteCount(inputs: inputs, outputs: outputs, format: format)
    }

    /// Whether this processor has instructions for products of this format, and our own products or oneDNN use them.
    ///
    /// Without them a bf16 or int8 layer still runs, but slower than f32.
    public func isNative(_ format: NumberFormat) -> Bool {
        guard !products(of: format).contains(.panels) else { return true }
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
