internal import COneDNN

/// Layer normalisation: every row minus its mean, over its standard deviation, times a scale, plus a shift.
public final class LayerNorm {
    private let context: ComputeContext
    private let scale: Tensor
    private let shift: Tensor
    private let epsilon: Float

    /// `scale` and `shift` have one float per column; `epsilon` is added to the variance.
    public init(scale: Tensor, shift: Tensor, epsilon: Float, in context: ComputeContext) {
        precondition(scale.rows == 1 && shift.rows == 1, "Scale and shift of a layer norm are vectors.")
        precondition(scale.width == shift.width, "Scale and shift of a layer norm differ in width.")
        self.context = context
        self.scale = scale
        self.shift = shift
        self.epsilon = epsilon
    }

    /// (rows, width) -> (rows, width), dense; the output may be the input.
    public func callAsFunction(_ input: Matrix, into output: Matrix) throws(KernelError) {
        precondition(input.width == scale.width && output.width == scale.width, "A matrix has another width.")
        precondition(input.rows == output.rows, "Input and output of a layer norm differ in rows.")
        precondition(input.isDense && output.isDense, "A layer norm works on dense matrices.")
        guard input.rows > 0 else { return }
        var operands = codnn_operands()
        operands.source = UnsafePointer(input.base)
        operands.weights = UnsafePointer(scale.matrix.base)
        operands.bias = UnsafePointer(shift.matrix.base)
        operands.destination = output.base
        let key = PrimitiveKey.layerNorm(rows: input.rows, width: input.width, epsilon: epsilon)
        try context.run(context.primitive(for: key), operands)
    }
}
