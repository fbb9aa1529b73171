/// The shape of an operation: everything that oneDNN compiles it for.
package enum PrimitiveKey: Hashable {
    /// A linear layer over `rows` rows.
    case linear(
        rows: Int,
        inputs: Int,
        outputs: Int,
        hasBias: Bool,
        activation: Activation?,
        addsToOutput: Bool
    )
    /// A stack of matrix products over strided memory.
    case product(left: Stack, right: Stack, output: Stack, scale: Float)
    /// Softmax along dense rows.
    case softmax(rows: Int, width: Int)
    /// Layer normalisation along dense rows.
    case layerNorm(rows: Int, width: Int, epsilon: Float)

    /// A convolution of the maps of so many images.
    case convolution(
        Convolution.Shape,
        images: Int,
        finish: Convolution.Finish,
        inputLayout: FeatureLayout,
        outputLayout: FeatureLayout
    )
    /// Means of windows of the maps of so many images.
    case averagePooling(images: Int, channels: Int, inputSize: Int, window: Int, layout: FeatureLayout)

    /// (sequences, heads, rows, columns) floats and the distance of neighbours in each dimension.
    package struct Stack: Hashable {
        var sequences: Int
        var heads: Int
        var rows: Int
        var columns: Int
        var sequenceStride: Int
        var headStride: Int
        var rowStride: Int
        var columnStride: Int
    }

    var operation: String {
        switch self {
        case .linear(let rows, let inputs, let outputs, _, _, _): "linear \(rows)x\(inputs)x\(outputs)"
        case .product(let left, let right, _, _): "product \(left.rows)x\(left.columns)x\(right.columns)"
        case .softmax(let rows, let width): "softmax \(rows)x\(width)"
        case .layerNorm(let rows, let width, _): "layer norm \(rows)x\(width)"
        case .convolution(let shape, let images, _, _, _):
            "convolution \(images)x\(shape.inputs)x\(shape.inputSize) to \(shape.outputs) by \(shape.kernelSize)"
        case .averagePooling(let images, let channels, let inputSize, let window, _):
            "average \(images)x\(channels)x\(inputSize) by \(window)"
        }
    }
}
