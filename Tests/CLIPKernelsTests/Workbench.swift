import CLIPKernels
import CLIPTestSupport

/// Arrays in, arrays out: runs a kernel on copies, so that a test reads like the formula.
final class Workbench {
    let context: ComputeContext
    /// A matrix does not keep its tensor alive; the bench does.
    private var kept: [Tensor] = []
    /// The memory of the last convolution's output, as it lies in its layout.
    var lastOutput: [Float] = []

    /// The memory of the maps that were made last.
    var lastMemory: Tensor?
    let threads: Int
    /// Whose scratch is not taken back between passes.
    private let storage: ComputeContext

    init(threads: Int = 1, usesOneDNNOnly: Bool = false) throws {
        self.threads = threads
        context = try ComputeContext(engine: ComputeEngine(usesOneDNNOnly: usesOneDNNOnly))
        context.threads = threads
        storage = try ComputeContext(engine: context.engine)
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
        residual: [Float]? = nil,
        format: NumberFormat = .f32
    ) throws -> [Float] {
        let weights = try tensor(weight, rows: weight.count / (input.count / rows))
        let layer = try Linear(
            weight: weights.matrix,
            bias: bias.map { try tensor($0) },
            activation: activation,
            addsToOutput: residual != nil,
            format: format,
            in: context
        )
        let start = residual ?? [Float](repeating: .nan, count: rows * layer.outputWidth)
        let output = try tensor(start, rows: rows)
        try context.beginPass()
        let source = try matrix(input, rows: rows, format: format)
        try layer(source, into: output.matrix, in: context)
        return output.matrix.floats()
    }

    /// Other numbers in the memory of floats.
    func view(of matrix: Matrix, format: NumberFormat) throws -> Matrix {
        guard format != .f32 else { return matrix }
        let blank = try storage.scratch.matrix(rows: matrix.rows, width: matrix.width, format: format)
        matrix.convert(into: blank)
        return blank
    }

    /// A copy of floats in scratch, in any format.
    func matrix(_ floats: [Float], rows: Int, format: NumberFormat) throws -> Matrix {
        let source = try tensor(floats, rows: rows).matrix
        let copy = try context.scratch.matrix(rows: rows, width: source.width, format: format)
        source.convert(into: copy)
        return copy
    }

    /// Attention over one matrix with the columns query, key, value.
    func attention(
        queryKeyValue: [Float],
        width: Int,
        heads: Int,
        lengths: [Int],
        mask: Attention.Mask,
        parts: [Range<Int>]? = nil,
        format: NumberFormat = .f32
    ) throws -> [Float] {
        let rows = lengths.reduce(0, +)
        let output = try tensor([Float](repeating: .nan, count: rows * width), rows: rows)
        try context.beginPass()
        let packed = try matrix(queryKeyValue, rows: rows, format: format)
        for part in parts ?? [0..<rows] {
            try Attention(heads: heads)(
                query: packed.columns(0..<width).rows(part),
                key: packed.columns(width..<2 * width),
                value: packed.columns(2 * width..<3 * width),
                sequences: SequenceLayout(lengths: lengths),
                rows: part,
                mask: mask,
                into: output.matrix.rows(part),
                in: context
            )
        }
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
