internal import CSimd

/// A linear layer's product by `CSimd`, over weights that lie in panels.
struct PanelProduct: Sendable {
    let terms: LinearTerms
    let weights: PanelWeights

    /// Computes some of the outputs: (rows, inputs) into (rows, columns).
    func run(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        before next: NextWeights?,
        in context: ComputeContext
    ) throws(KernelError) {
        try context.scratch.scope { () throws(KernelError) in
            // Bytes have a scale for each row, which is known once all of the row is there.
            let floats =
                output.format == .int8
                ? try context.scratch.matrix(rows: input.rows, width: columns.count).base : nil
            let words = csimd_product_scratch(Int64(input.rows))
            let scratch = try context.scratch.memory(byteCount: words * MemoryLayout<UInt32>.size)
            var product = csimd_product(
                rows: Int64(input.rows),
                inputs: Int64(terms.inputs),
                outputs: Int64(columns.count),
                source: input.simd,
                weights: weights.bytes(from: columns.lowerBound),
                column_scales: terms.columnScales(from: columns.lowerBound),
                excess: terms.excess(from: columns.lowerBound),
                bias: terms.bias(from: columns.lowerBound),
                activation: terms.activation?.simd ?? csimd_activation_none,
                adds_to_target: terms.addsToOutput,
                target: output.simd,
                floats: floats,
                scratch: scratch.assumingMemoryBound(to: UInt32.self),
                prefetches_pages_in_turn: context.engine.prefetchesPagesInTurn,
                next: next?.bytes,
                next_inputs: Int64(next?.layer.inputWidth ?? 0)
            )
            csimd_multiply(&product)
        }
    }

    /// Whether the outputs can be computed in parts of any multiple of `unit` columns.
    func dividesColumns(every unit: Int) -> Bool {
        terms.outputs % unit == 0 && unit % weights.panel == 0
    }
}

/// Weights in panels of outputs, as the products of `CSimd` read them.
///
/// They are immutable once made, and any number of threads may read them.
final class PanelWeights: @unchecked Sendable {
    /// The packed bytes, valid as long as this object lives.
    let bytes: UnsafeRawBufferPointer
    /// The number of outputs in a panel.
    let panel: Int
    /// The bytes of one output's weights.
    private let outputBytes: Int
    /// The object that keeps the bytes in memory.
    private let owner: any Sendable

    /// The bytes of such weights; nil if the layer is oneDNN's.
    static func byteCount(inputs: Int, outputs: Int, format: NumberFormat, on engine: ComputeEngine) -> Int? {
        guard engine.multipliesPanels(format) else { return nil }
        let count = csimd_panels_size(format.format, Int64(inputs), Int64(outputs))
        return count > 0 ? count : nil
    }

    /// The name of the layout on this processor.
    static func packing(_ format: NumberFormat) -> String { "panels of \(csimd_panel(format.format))" }

    /// Packs dense weights, (outputs, inputs), of this format; bytes are signed.
    init(
        plain: UnsafeRawPointer,
        byteCount: Int,
        inputs: Int,
        outputs: Int,
        format: NumberFormat
    ) throws(KernelError) {
        let memory = try AlignedMemory(byteCount: byteCount)
        csimd_pack_panels(format.format, Int64(inputs), Int64(outputs), plain, memory.bytes)
        bytes = UnsafeRawBufferPointer(start: memory.bytes, count: byteCount)
        owner = memory
        panel = Int(csimd_panel(format.format))
        outputBytes = inputs * format.byteCount
    }

    /// Makes weights of bytes that were packed on such a processor before, or of more bytes; they are not copied.
    init(
        adopting packed: UnsafeRawBufferPointer,
        byteCount: Int,
        of owner: any Sendable,
        inputs: Int,
        format: NumberFormat
    ) throws(KernelError) {
        guard packed.count >= byteCount else {
            throw .operationFailed(operation: "adoption of panels", status: 0)
        }
        bytes = UnsafeRawBufferPointer(rebasing: packed[..<byteCount])
        self.owner = owner
        panel = Int(csimd_panel(format.format))
        outputBytes = inputs * format.byteCount
    }

    /// The weights from an output on, which is the first of its panel.
    func bytes(from output: Int) -> UnsafeRawPointer? {
        precondition(output % panel == 0, "The weights of a panel's outputs lie together.")
        return bytes.baseAddress.map { $0 + output * outputBytes }
    }
}
