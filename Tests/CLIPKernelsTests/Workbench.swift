import CLIPKernels
import CLIPTestSupport

/// Arrays in, arrays out: runs a kernel on copies, so that a test reads like the formula.
final class Workbench {
    let context: ComputeContext
    /// A matrix does not keep its tensor alive; the bench does.
    private var kept: [Tensor] = []
    /// The memory of the last convolution's output, as it lies in its layout.
    var lastOutput: [Float] = []

    init(threads: Int = 1) throws {
        context = try ComputeContext(threads: threads)
    }

    /// Floats in -1 ..< 1 that depend on the name alone.
    static func random(_ name: String, _ count: Int) -> [Float] {
        CounterNumbers.floats(name, count: count)
    }

    func tensor(_ floats: [Float], rows: Int = 1) throws -> Tensor {
        let tensor = try Tensor(rows: rows, floats)
        kept.append(tensor)
        return tensor
    }

    func linear(
        _ input: [Float],
        rows: Int,
        weight: [Float],
        bias: [Float]?,
        activation: Activation? = nil,
        residual: [Float]? = nil
    ) throws -> [Float] {
        let source = try tensor(input, rows: rows)
        let weights = try tensor(weight, rows: weight.count / (input.count / rows))
        let layer = try Linear(
            weight: weights.matrix,
            bias: bias.map { try tensor($0) },
            activation: activation,
            addsToOutput: residual != nil,
            in: context
        )
        let start = residual ?? [Float](repeating: .nan, count: rows * layer.outputWidth)
        let output = try tensor(start, rows: rows)
        try context.beginPass()
        try layer(source.matrix, into: output.matrix)
        return output.matrix.floats()
    }

    /// Attention over one matrix with the columns query, key, value.
    func attention(
        queryKeyValue: [Float],
        width: Int,
        heads: Int,
        lengths: [Int],
        mask: Attention.Mask
    ) throws -> [Float] {
        let rows = lengths.reduce(0, +)
        let packed = try tensor(queryKeyValue, rows: rows)
        let output = try tensor([Float](repeating: .nan, count: rows * width), rows: rows)
        try context.beginPass()
        try Attention(heads: heads, in: context)(
            query: packed.matrix.columns(0..<width),
            key: packed.matrix.columns(width..<2 * width),
            value: packed.matrix.columns(2 * width..<3 * width),
            sequences: SequenceLayout(lengths: lengths),
            mask: mask,
            into: output.matrix
        )
        return output.matrix.floats()
    }

    /// The same with plain loops.
    static func referenceAttention(
        queryKeyValue: [Float],
        width: Int,
        heads: Int,
        lengths: [Int],
        mask: Attention.Mask
    ) -> [Float] {
        func part(_ index: Int) -> [Float] {
            stride(from: index * width, to: queryKeyValue.count, by: 3 * width).flatMap {
                queryKeyValue[$0..<$0 + width]
            }
        }
        return Reference.attention(
            query: part(0),
            key: part(1),
            value: part(2),
            width: width,
            heads: heads,
            lengths: lengths,
            isCausal: mask == .causal
        )
    }
}
