internal import COneDNN
internal import CSimd
internal import Synchronization

/// oneDNN's CPU engine, which the compute contexts and the packed weights of a model share.
///
/// Any number of threads may use it.
public final class ComputeEngine: @unchecked Sendable {
    let pointer: OpaquePointer
    /// The formats whose layers `CSimd` multiplies; decided in `init` and never again.
    private var ownFormats: Set<NumberFormat> = []
    private let pagesInTurn = Atomic(false)

    /// Starts the engine.
    ///
    /// - Parameter usesOneDNNOnly: whether oneDNN computes all products, even on processors on which our own are
    ///   faster.
    public init(usesOneDNNOnly: Bool = false) throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_engine_create(&pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "engine", status: Int(status))
        }
        self.pointer = pointer
        guard !usesOneDNNOnly else { return }
        ownFormats = Set(
            NumberFormat.allCases.filter { csimd_panel($0.format) > 0 && !oneDNNHasMatrices(for: $0) }
        )
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

    /// Whether this processor has instructions for products of this format, and our own products or oneDNN use them.
    ///
    /// Without them a bf16 or int8 layer still runs, but slower than f32.
    public func isNative(_ format: NumberFormat) -> Bool {
        guard !ownFormats.contains(format) else { return true }
        switch format {
        case .f32: return true
        case .bf16: guard csimd_processor_multiplies_bf16(), codnn_uses_bf16() else { return false }
        case .int8: guard csimd_processor_multiplies_int8() else { return false }
        }
        // A format for which oneDNN uses plain loops is not worth using.
        guard let name = kernelName(for: format) else { return false }
        #if arch(x86_64)
        // oneDNN may be limited to less than the processor has; it then sums bytes with saturation.
        return name.contains("amx") || name.contains(format == .bf16 ? "bf16" : "vnni")
        #else
        return !name.contains("ref")
        #endif
    }

    /// Whether `CSimd` multiplies the layers of a format, those whose rows are whole words of 32 bits.
    ///
    /// That depends on the processor alone and never on time: our products sum in another order than oneDNN's, and the
    /// same pictures get the same digits wherever processors are alike.
    package func multipliesPanels(_ format: NumberFormat) -> Bool { ownFormats.contains(format) }

    /// Whether our products prefetch weights as a line of each of several pages in turn, and not one line after the
    /// other.
    ///
    /// It changes no result. Which of the two is quicker for few rows depends on the processor.
    package var prefetchesPagesInTurn: Bool {
        get { pagesInTurn.load(ordering: .relaxed) }
        set { pagesInTurn.store(newValue, ordering: .relaxed) }
    }

    /// Whether that makes a difference to products of this format.
    package func canPrefetchPagesInTurn(_ format: NumberFormat) -> Bool {
        multipliesPanels(format) && csimd_can_prefetch_pages_in_turn(format.format)
    }

    /// Whether oneDNN multiplies whole matrices at once (AMX), several times as fast as our products of vectors.
    private func oneDNNHasMatrices(for format: NumberFormat) -> Bool {
        format != .f32 && kernelName(for: format)?.contains("amx") ?? false
    }

    /// The kernel of oneDNN for a width and a number of rows of ViT-B/32; nil if there is none.
    private func kernelName(for format: NumberFormat) -> String? {
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
            return try ComputeContext(engine: self).primitive(for: key).implementation
        } catch {
            return nil
        }
    }
}
