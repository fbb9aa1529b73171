import CLIPKernels

/// A residual block of a ResNet: 1x1, 3x3 and 1x1 convolutions, whose result is added to the input.
///
/// A block that halves the size averages windows before the last convolution instead of using a stride. The reference
/// is `Bottleneck` of open_clip 3.3.0 (`open_clip/modified_resnet.py`).
struct Bottleneck: Sendable {
    /// The channels and the size of the maps before and after the block.
    struct Shape: Sendable {
        var inputs: Int
        /// The channels of the convolutions inside.
        var width: Int
        var inputSize: Int
        /// The factor by which the size shrinks.
        var stride: Int

        var outputs: Int { width * ModelConfiguration.ResNet.expansion }
        var outputSize: Int { inputSize / stride }
        /// Whether the input and the output maps differ in shape.
        var needsShortcut: Bool { stride > 1 || inputs != outputs }
    }

    let shape: Shape
    private let narrowing: Convolution
    private let middle: Convolution
    private let pooling: AveragePooling?
    private let widening: Convolution
    private let shortcut: Convolution?
    private let layout: FeatureLayout

    init(_ weights: WeightReader, _ shape: Shape, layout: FeatureLayout) throws(ModelError) {
        let names = CheckpointNames.resNet
        func convolution(
            _ name: CheckpointNames.ResNet.NormedConvolution,
            _ shape: Convolution.Shape,
            _ finish: Convolution.Finish
        ) throws(ModelError) -> Convolution {
            try weights.convolution(name, shape, finish: finish, inputLayout: layout, outputLayout: layout)
        }
        let (width, size) = (shape.width, shape.inputSize)
        self.shape = shape
        self.layout = layout
        narrowing = try convolution(
            names.narrowing,
            .init(inputs: shape.inputs, outputs: width, inputSize: size),
            .relu
        )
        middle = try convolution(
            names.middle,
            .init(inputs: width, outputs: width, inputSize: size, kernelSize: 3),
            .relu
        )
        pooling = shape.stride > 1 ? AveragePooling(window: shape.stride) : nil
        widening = try convolution(
            names.widening,
            .init(inputs: width, outputs: shape.outputs, inputSize: shape.outputSize),
            .sumAndReLU
        )
        shortcut =
            shape.needsShortcut
            ? try convolution(
                names.shortcut,
                .init(inputs: shape.inputs, outputs: shape.outputs, inputSize: shape.outputSize),
                .none
            ) : nil
    }

    /// Computes (images, outputs, outputSize, outputSize) from (images, inputs, inputSize, inputSize).
    ///
    /// Without a shortcut the output is the input, whose maps are overwritten; with a shortcut the two must not
    /// overlap.
    func callAsFunction(
        _ input: FeatureMaps,
        into output: FeatureMaps,
        in context: ComputeContext
    ) throws(KernelError) {
        let scratch = context.scratch
        try scratch.scope { () throws(KernelError) in
            let narrow = try maps(input.images, channels: shape.width, size: shape.inputSize, in: scratch)
            let wide = try maps(input.images, channels: shape.width, size: shape.inputSize, in: scratch)
            try narrowing(input, into: narrow, in: context)  // (.., inputs, ..) -> (.., width, ..)
            try middle(narrow, into: wide, in: context)
            if let shortcut { try shortcut(pooled(input, in: context), into: output, in: context) }
            // (.., width, ..) -> added to (.., outputs, ..)
            try widening(pooled(wide, in: context), into: output, in: context)
        }
    }

    /// Averages windows: (.., inputSize, inputSize) becomes (.., outputSize, outputSize).
    private func pooled(_ input: FeatureMaps, in context: ComputeContext) throws(KernelError) -> FeatureMaps {
        guard let pooling else { return input }
        let output = try maps(
            input.images,
            channels: input.channels,
            size: shape.outputSize,
            in: context.scratch
        )
        try pooling(input, into: output, in: context)
        return output
    }

    private func maps(
        _ images: Int,
        channels: Int,
        size: Int,
        in scratch: ScratchArena
    ) throws(KernelError) -> FeatureMaps {
        try scratch.maps(
            images: images,
            channels: channels,
            size: size,
            layout: layout,
            format: narrowing.format
        )
    }
}
