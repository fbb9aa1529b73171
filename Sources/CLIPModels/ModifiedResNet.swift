import CLIPKernels

/// The image tower of OpenAI's ResNets: pixel values in, embeddings out.
///
/// Three convolutions and a pooling instead of one of each, means of windows instead of strides, and attention instead of
/// a mean at the end. The reference is `ModifiedResNet` of open_clip 3.3.0 (`open_clip/modified_resnet.py`).
final class ModifiedResNet {
    private let imageSize: Int
    private let layout: FeatureLayout
    private let stem: [Convolution]
    private let stemPooling: AveragePooling
    private let blocks: [Bottleneck]
    private let pool: AttentionPool
    /// Floats of the largest maps that lie between two steps, of one image.
    private let largestMaps: Int
    private let scratch: ScratchArena

    /// How many floats the largest maps of a pass may have.
    ///
    /// Scratch memory is about four times as much: 62 MB for the five images of ResNet-50 that fit, 100 MB for the single
    /// one of RN50x64 at 448 pixels, whose maps are larger. On one AVX2 core ResNet-50 took 137 ms for an image alone and
    /// for each of 4, 8 or 16; more images at once only matter to small networks (5 ms instead of 6.5 at 96 pixels).
    static let floatsPerPass = 4 << 20

    /// How many images go through the network at once.
    var imagesPerPass: Int { max(1, Self.floatsPerPass / largestMaps) }

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.ResNet,
        imageSize: Int,
        embeddingWidth: Int
    ) throws(ModelError) {
        let names = CheckpointNames.resNet
        precondition(shape.bottlenecks.count == names.layers.count, "A ResNet has four layers.")
        let layout = try ModelError.wrapping { () throws(KernelError) in
            try weights.context.preferredFeatureLayout()
        }
        self.imageSize = imageSize
        self.layout = layout
        scratch = weights.context.scratch

        var stem: [Convolution] = []
        let half = shape.width / 2
        let channels = [(ModelConfiguration.Vision.channels, half), (half, half), (half, shape.width)]
        var size = imageSize
        for (index, (inputs, outputs)) in channels.enumerated() {
            let convolution = Convolution.Shape(
                inputs: inputs,
                outputs: outputs,
                inputSize: size,
                kernelSize: 3,
                stride: index == 0 ? 2 : 1
            )
            stem.append(
                try weights.convolution(
                    names.stem[index],
                    convolution,
                    finish: .relu,
                    inputLayout: index == 0 ? Self.pixelLayout(layout) : layout,
                    outputLayout: layout
                )
            )
            size = convolution.outputSize
        }
        self.stem = stem
        stemPooling = AveragePooling(window: 2, in: weights.context)
        var largest = FeatureMaps.floatCount(channels: shape.width, size: size, layout: layout)
        size /= 2

        var blocks: [Bottleneck] = []
        var inputs = shape.width
        for (layer, count) in shape.bottlenecks.enumerated() {
            for index in 0..<count {
                let block = Bottleneck.Shape(
                    inputs: inputs,
                    width: shape.width << layer,
                    inputSize: size,
                    stride: layer > 0 && index == 0 ? 2 : 1
                )
                let scope = weights.scope("\(names.layers[layer]).\(index)")
                blocks.append(try Bottleneck(scope, block, layout: layout))
                (inputs, size) = (block.outputs, block.outputSize)
                largest = max(
                    largest,
                    FeatureMaps.floatCount(channels: inputs, size: size, layout: layout)
                )
            }
        }
        self.blocks = blocks
        largestMaps = largest
        pool = try AttentionPool(weights, shape, imageSize: imageSize, embeddingWidth: embeddingWidth)
    }

    /// (count, 3, imageSize, imageSize) -> (count, embeddingWidth).
    func embed(
        _ pixelValues: UnsafePointer<Float>,
        count: Int,
        into embeddings: Matrix,
        observer: StageObserver?
    ) throws(KernelError) {
        // Maps go from one to the other; a block that leaves their shape as it is works in place.
        var maps = try scratch.matrix(rows: count, width: largestMaps)
        var other = try scratch.matrix(rows: count, width: largestMaps)
        var current = try pixels(pixelValues, count: count)
        for convolution in stem {
            let output = view(
                of: maps,
                channels: convolution.shape.outputs,
                size: convolution.shape.outputSize
            )
            try convolution(current, into: output)
            current = output
            swap(&maps, &other)
        }
        let output = view(of: maps, channels: current.channels, size: current.size / 2)
        try stemPooling(current, into: output)  // (count, width, imageSize / 4, imageSize / 4)
        current = output
        swap(&maps, &other)
        try show(.stem, current, to: observer)

        for (index, block) in blocks.enumerated() {
            if block.shape.needsShortcut {
                let output = view(of: maps, channels: block.shape.outputs, size: block.shape.outputSize)
                try block(current, into: output)
                current = output
                swap(&maps, &other)
            } else {
                try block(current, into: current)
            }
            try show(.block(index), current, to: observer)
        }
        try pool(current, into: embeddings, observer: observer)
        observer?(.embedding, embeddings)
    }

    /// Three channels are read as planes where maps are blocked: oneDNN has kernels for just that.
    private static func pixelLayout(_ layout: FeatureLayout) -> FeatureLayout {
        layout == .interleaved ? .interleaved : .planes
    }

    /// (count, 3, imageSize, imageSize), in the layout that the first convolution reads.
    private func pixels(_ pixelValues: UnsafePointer<Float>, count: Int) throws(KernelError) -> FeatureMaps {
        let pixelLayout = Self.pixelLayout(layout)
        if pixelLayout == .planes {
            return FeatureMaps(
                // Maps are views to write into, too; the first convolution only reads these.
                base: UnsafeMutablePointer(mutating: pixelValues),
                images: count,
                channels: ModelConfiguration.Vision.channels,
                size: imageSize,
                layout: .planes
            )
        }
        let maps = try scratch.maps(
            images: count,
            channels: ModelConfiguration.Vision.channels,
            size: imageSize,
            layout: pixelLayout
        )
        maps.fill(fromPlanes: pixelValues)
        return maps
    }

    private func view(of memory: Matrix, channels: Int, size: Int) -> FeatureMaps {
        FeatureMaps(base: memory.base, images: memory.rows, channels: channels, size: size, layout: layout)
    }

    /// Shows maps as one row for each pixel: (count x size x size, channels).
    private func show(_ stage: Stage, _ maps: FeatureMaps, to observer: StageObserver?) throws(KernelError) {
        guard let observer else { return }
        try scratch.scope { () throws(KernelError) in
            let rows = try scratch.matrix(rows: maps.images * maps.positions, width: maps.channels)
            for image in 0..<maps.images {
                maps.copy(
                    image: image,
                    into: rows.rows(image * maps.positions..<(image + 1) * maps.positions)
                )
            }
            observer(stage, rows)
        }
    }
}
