import CLIPKernels

extension WeightReader {
    /// The number that torch's `BatchNorm2d` adds to the variance.
    private static let batchNormEpsilon = 1e-5

    /// A convolution with the batch norm after it folded into its kernels and its bias.
    ///
    /// In inference a batch norm scales and shifts each channel, `y = (x - mean) / sqrt(variance + epsilon) * weight +
    /// bias`, so it can be joined with the convolution before it. The result is computed in double precision and
    /// rounded once.
    func convolution(
        _ names: CheckpointNames.ResNet.NormedConvolution,
        _ shape: Convolution.Shape,
        finish: Convolution.Finish,
        inputLayout: FeatureLayout,
        outputLayout: FeatureLayout
    ) throws(ModelError) -> Convolution {
        let kernels = try tensor(
            names.kernels,
            shape: [shape.outputs, shape.inputs, shape.kernelSize, shape.kernelSize]
        )
        let norm = scope(names.norm)
        let weight = try norm.tensor("weight", shape: [shape.outputs])
        let bias = try norm.tensor("bias", shape: [shape.outputs])
        let mean = try norm.tensor("running_mean", shape: [shape.outputs])
        let variance = try norm.tensor("running_var", shape: [shape.outputs])
        try norm.skip("num_batches_tracked", shape: [])  // used only in training

        for channel in 0..<shape.outputs {
            let deviation = (Double(variance.floats[channel]) + Self.batchNormEpsilon).squareRoot()
            let scale = Double(weight.floats[channel]) / deviation
            let kernel = kernels.matrix.row(channel)
            for index in 0..<kernels.width { kernel[index] = Float(Double(kernel[index]) * scale) }
            let shift = Double(bias.floats[channel]) - Double(mean.floats[channel]) * scale
            bias.floats[channel] = Float(shift)
        }
        return try ModelError.wrapping { () throws(KernelError) in
            try Convolution(
                shape,
                weight: kernels.matrix,
                bias: bias,
                finish: finish,
                inputLayout: inputLayout,
                outputLayout: outputLayout,
                format: exactFormat,
                in: context
            )
        }
    }
}
