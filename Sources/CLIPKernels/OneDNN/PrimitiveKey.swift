/// The shape of an operation: everything for which oneDNN compiles it.
package enum PrimitiveKey: Hashable {
    /// A linear layer over `rows` rows, or the product for only `outputs` of the columns of a wider layer.
    case linear(
        rows: Int,
        inputs: Int,
        outputs: Int,
        of: Int,
        format: NumberFormat,
        outputFormat: NumberFormat,
        hasBias: Bool,
        activation: Activation?,
        addsToOutput: Bool
    )
    /// A convolution of the maps of `images` images.
    case convolution(
        Convolution.Shape,
        images: Int,
        finish: Convolution.Finish,
        inputLayout: FeatureLayout,
        outputLayout: FeatureLayout,
        format: NumberFormat
    )
    /// The means of windows in the maps of `images` images.
    case averagePooling(
        images: Int,
        channels: Int,
        inputSize: Int,
        window: Int,
        layout: FeatureLayout,
        format: NumberFormat
    )

    var operation: String {
        switch self {
        case .linear(let rows, let inputs, let outputs, _, _, _, _, _, _):
            "linear \(rows)x\(inputs)x\(outputs)"
        case .convolution(let shape, let images, _, _, _, _):
            "convolution \(images)x\(shape.inputs)x\(shape.inputSize) to \(shape.outputs) by \(shape.kernelSize)"
        case .averagePooling(let images, let channels, let inputSize, let window, _, _):
            "average \(images)x\(channels)x\(inputSize) by \(window)"
        }
    }
}
