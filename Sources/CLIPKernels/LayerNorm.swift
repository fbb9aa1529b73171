internal import CSimd

/// Layer normalisation: every row minus its mean, divided by its standard deviation, times a scale, plus a shift.
public struct LayerNorm: Sendable {
    private let scale: Tensor
    private let shift: Tensor
    private let epsilon: Float

    /// The widest rows that can be normalised into bytes, because they lie on the stack meanwhile.
    ///
    /// CLIPs have at most 1,664.
    private static let widestBytes = 16_384

    /// `scale` and `shift` have one float for each column; `epsilon` is added to the variance.
    public init(scale: Tensor, shift: Tensor, epsilon: Float) {
        precondition(scale.rows == 1 && shift.rows == 1, "Scale and shift of a layer norm are vectors.")
        precondition(scale.width == shift.width, "Scale and shift of a layer norm differ in width.")
        self.scale = scale
        self.shift = shift
        self.epsilon = epsilon
    }

    /// Turns floats, (rows, width), into (rows, width) of any format; the output may be the input.
    public func callAsFunction(_ input: Matrix, into output: Matrix) {
        precondition(input.width == scale.width && output.width == scale.width, "A matrix has another width.")
        precondition(input.rows == output.rows, "Input and output of a layer norm differ in rows.")
        precondition(input.format == .f32, "A layer norm reads floats.")
        precondition(
            output.format != .int8 || output.width <= Self.widestBytes,
            "Rows of that width are not normalised into bytes."
        )
        csimd_layer_norm(
            Int64(input.rows),
            Int64(input.width),
            input.simd,
            scale.matrix.base,
            shift.matrix.base,
            epsilon,
            output.simd
        )
    }
}
