internal import COneDNN

/// A linear layer: `activation(input x weight^T + bias)`, or that added to what the output already holds.
///
/// Bias, activation and the residual sum run inside oneDNN's product, while its results are still in registers. The
/// weights are copied once into the layout that oneDNN likes best on this processor.
public final class Linear {
    /// How many floats an input row has.
    public let inputWidth: Int
    /// How many floats an output row has.
    public let outputWidth: Int

    private let context: ComputeContext
    private let weights: PackedWeights
    private let bias: Tensor?
    private let activation: Activation?
    private let addsToOutput: Bool

    /// The row count that the weight layout is chosen for.
    ///
    /// oneDNN picks the layout by widths alone for f32; a typical pass (one image of ViT-B/32 has 50 tokens) is named
    /// so that nothing is tuned for a single row.
    private static let typicalRows = 64

    /// A layer of `weight` (outputs, inputs), copied, and `bias` (outputs), kept.
    public init(
        weight: Matrix,
        bias: Tensor? = nil,
        activation: Activation? = nil,
        addsToOutput: Bool = false,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(weight.isDense && weight.rows > 0, "A linear layer packs dense weights.")
        precondition(
            bias.map { $0.rows == 1 && $0.width == weight.rows } ?? true,
            "The bias has another width."
        )
        inputWidth = weight.width
        outputWidth = weight.rows
        self.context = context
        self.bias = bias
        self.activation = activation
        self.addsToOutput = addsToOutput
        let typical = PrimitiveKey.linear(
            rows: Self.typicalRows,
            inputs: weight.width,
            outputs: weight.rows,
            hasBias: bias != nil,
            activation: activation,
            addsToOutput: addsToOutput
        )
        weights = try context.packedWeights(plain: weight.base, for: context.primitive(for: typical))
    }

    /// (rows, inputs) -> (rows, outputs).
    ///
    /// Both are dense and do not overlap.
    public func callAsFunction(_ input: Matrix, into output: Matrix) throws(KernelError) {
        precondition(input.width == inputWidth && output.width == outputWidth, "A matrix has another width.")
        precondition(input.rows == output.rows, "Input and output of a linear layer differ in rows.")
        precondition(input.isDense && output.isDense, "A linear layer works on dense matrices.")
        guard input.rows > 0 else { return }
        var operands = codnn_operands()
        operands.source = UnsafePointer(input.base)
        operands.packed_weights = weights.pointer
        operands.bias = (bias?.matrix.base).map { UnsafePointer($0) }
        operands.destination = output.base
        try context.run(context.primitive(for: key(rows: input.rows), packedAs: weights), operands)
    }

    /// The memory that the packed weights take.
    public var byteCount: Int { weights.byteCount }

    /// oneDNN's name of the kernel that runs for so many rows.
    package func implementation(rows: Int) throws(KernelError) -> String {
        try context.primitive(for: key(rows: rows), packedAs: weights).implementation
    }

    private func key(rows: Int) -> PrimitiveKey {
        .linear(
            rows: rows,
            inputs: inputWidth,
            outputs: outputWidth,
            hasBias: bias != nil,
            activation: activation,
            addsToOutput: addsToOutput
        )
    }
}
