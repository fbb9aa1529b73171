/// What a linear layer computes, whoever multiplies for it.
struct LinearTerms: Sendable {
    /// The numbers of an input row.
    let inputs: Int
    /// The numbers of an output row.
    let outputs: Int
    /// The format of the weights and the input.
    let format: NumberFormat
    let bias: Tensor?
    let activation: Activation?
    let addsToOutput: Bool
    /// The scale of each output's sums and, in a second row, the excess of the sums before scaling; only for int8.
    let scales: Tensor?

    /// The bias of some outputs, and of those after them.
    func bias(from output: Int) -> UnsafePointer<Float>? {
        bias.map { UnsafePointer($0.matrix.base + output) }
    }

    /// The scales of some outputs' sums, and of those after them.
    func columnScales(from output: Int) -> UnsafePointer<Float>? {
        scales.map { UnsafePointer($0.matrix.row(0) + output) }
    }

    /// The excess of some outputs' sums, and of those after them.
    func excess(from output: Int) -> UnsafePointer<Float>? {
        scales.map { UnsafePointer($0.matrix.row(1) + output) }
    }
}
