internal import COneDNN

/// A convolution of square feature maps, with a bias for each output channel and what follows it in a ResNet.
///
/// The products are summed one by one, never by Winograd's method, whose results differ in more than the last digits.
/// Bias, sum and ReLU are applied while the results are still in registers. The kernels are copied once into the layout
/// that oneDNN prefers on this processor.
public final class Convolution: Sendable {
    /// What happens to the sums before they are written.
    public enum Finish: Hashable, Sendable {
        /// The sums are written as they are.
        case none
        /// Negative sums become zero.
        case relu
        /// The sums are added to the output's content, then negative results become zero: the end of a residual block.
        case sumAndReLU
    }

    /// The sizes of a convolution.
    public struct Shape: Hashable, Sendable {
        /// The channels of the input.
        public var inputs: Int
        /// The channels of the output.
        public var outputs: Int
        /// The width and height of the input.
        public var inputSize: Int
        /// The width and height of a kernel.
        public var kernelSize: Int
        /// The step of a kernel from one output pixel to the next.
        public var stride: Int
        /// The rows and columns of zeros around the input.
        public var padding: Int

        /// Makes the sizes; the size of the maps stays the same unless a stride or a padding changes it.
        public init(
            inputs: Int,
            outputs: Int,
            inputSize: Int,
            kernelSize: Int = 1,
            stride: Int = 1,
            padding: Int? = nil
        ) {
            self.inputs = inputs
            self.outputs = outputs
            self.inputSize = inputSize
            self.kernelSize = kernelSize
            self.stride = stride
            self.padding = padding ?? kernelSize / 2
        }

        /// The width and height of the output.
        public var outputSize: Int { (inputSize + 2 * padding - kernelSize) / stride + 1 }
    }

    /// The sizes of the convolution.
    public let shape: Shape
    /// The sizes with the channels added that fill the last block of input and output.
    ///
    /// oneDNN 2.6 has no AVX2 kernel for blocks that are not full: a tiny ResNet took 60 ms in oneDNN's plain loops,
    /// and 1.2 ms with whole blocks.
    private let filled: Shape
    private let weights: PackedWeights
    private let bias: Tensor
    private let finish: Finish
    private let inputLayout: FeatureLayout
    private let outputLayout: FeatureLayout
    /// The format of the maps on both sides and of the weights: f32 or bf16.
    public let format: NumberFormat

    /// Makes a convolution of `weight`, (outputs, inputs x kernelSize x kernelSize), and `bias`, (outputs), which are
    /// copied.
    public init(
        _ shape: Shape,
        weight: Matrix,
        bias: Tensor,
        finish: Finish = .none,
        inputLayout: FeatureLayout,
        outputLayout: FeatureLayout,
        format: NumberFormat = .f32,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(shape.stride > 0 && shape.outputSize > 0, "A convolution has at least one output pixel.")
        precondition(
            weight.isDense && weight.rows == shape.outputs,
            "A convolution has a kernel for each output."
        )
        precondition(
            weight.width == shape.inputs * shape.kernelSize * shape.kernelSize,
            "The kernels have another size."
        )
        precondition(bias.rows == 1 && bias.width == shape.outputs, "The bias has another width.")
        var filled = shape
        filled.inputs = inputLayout.filled(channels: shape.inputs)
        filled.outputs = outputLayout.filled(channels: shape.outputs)
        self.shape = shape
        self.filled = filled
        self.bias = try Self.fill(bias.matrix, rows: 1, width: filled.outputs)
        self.finish = finish
        self.inputLayout = inputLayout
        self.outputLayout = outputLayout
        self.format = format
        let kernels = try Self.fill(
            weight,
            rows: filled.outputs,
            width: filled.inputs * shape.kernelSize * shape.kernelSize
        )
        weights = try context.packedWeights(
            plain: kernels.matrix.bytes,
            format: .f32,
            for: context.primitive(
                for: .convolution(
                    filled,
                    images: 1,
                    finish: finish,
                    inputLayout: inputLayout,
                    outputLayout: outputLayout,
                    format: format
                )
            )
        )
    }

    /// Turns (images, inputs, inputSize, inputSize) into (images, outputs, outputSize, outputSize).
    ///
    /// Input and output must not overlap.
    public func callAsFunction(
        _ input: FeatureMaps,
        into output: FeatureMaps,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(
            input.channels == shape.inputs && input.size == shape.inputSize && input.layout == inputLayout,
            "The input of a convolution has another shape."
        )
        precondition(
            output.channels == shape.outputs && output.size == shape.outputSize
                && output.layout == outputLayout,
            "The output of a convolution has another shape."
        )
        precondition(
            input.format == format && output.format == format,
            "The maps of a convolution have another format."
        )
        precondition(input.images == output.images, "Input and output of a convolution differ in images.")
        guard input.images > 0 else { return }
        var operands = codnn_operands()
        operands.source = UnsafeRawPointer(input.bytes)
        operands.weights = weights.pointer
        operands.bias = UnsafePointer(bias.matrix.base)
        operands.destination = output.bytes
        try context.run(context.primitive(for: key(images: input.images), packedAs: weights), operands)
    }

    /// The name of oneDNN's kernel for this number of images.
    package func implementation(images: Int, in context: ComputeContext) throws(KernelError) -> String {
        try context.primitive(for: key(images: images), packedAs: weights).implementation
    }

    private func key(images: Int) -> PrimitiveKey {
        .convolution(
            filled,
            images: images,
            finish: finish,
            inputLayout: inputLayout,
            outputLayout: outputLayout,
            format: format
        )
    }

    /// A copy with more rows and columns, which are zero.
    private static func fill(_ matrix: Matrix, rows: Int, width: Int) throws(KernelError) -> Tensor {
        let filled = try Tensor(rows: rows, width: width)
        for row in 0..<matrix.rows {
            filled.matrix.row(row).update(from: matrix.row(row), count: matrix.width)
        }
        return filled
    }
}
