import CLIPKernels

/// The image tower of OpenAI's ResNets, which turns pixels into embeddings.
///
/// It differs from an ordinary ResNet: it begins with three convolutions instead of one, averages windows instead of
/// using strides, and ends in attention instead of a mean. The reference is `ModifiedResNet` of open_clip 3.3.0
/// (`open_clip/modified_resnet.py`).
struct ModifiedResNet: Sendable {
    private let imageSize: Int
    private let pixels: PixelTable
    private let layout: FeatureLayout
    private let format: NumberFormat
    private let stem: [Convolution]
    private let stemPooling: AveragePooling
    private let blocks: [Bottleneck]
    private let pool: AttentionPool
    /// The floats of one image's largest maps between two steps.
    private let largestMaps: Int

    /// The most floats in the largest maps of a pass of several images.
    ///
    /// Scratch memory is about four times as much. On one AVX2 core ResNet-50 took 137 ms for an image alone and for
    /// each of 4, 8 or 16; more images at once only matter to small networks (5 ms instead of 6.5 at 96 pixels).
    static let numbersPerPass = 1 << 20

    /// Whether a single image is worth oneDNN's threads, which it is not if every operation takes microseconds.
    ///
    /// Convolutions that are compiled a second time for several threads take twice the memory.
    var isLarge: Bool { largestMaps >= 1 << 18 }

    /// How many of `count` images go through the network at once.
    ///
    /// It is a power of two, because oneDNN compiles every convolution for each number of images, and a server should
    /// not keep fifty convolutions eight times.
    func imagesPerPass(of count: Int) -> Int {
        let most = min(count, max(1, Self.numbersPerPass / largestMaps))
        return 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
    }

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.ResNet,
        pixels: PixelTable,
        imageSize: Int,
        embeddingWidth: Int
    ) throws(ModelError) {
        let names = CheckpointNames.resNet
        precondition(shape.bottlenecks.count == names.layers.count, "A ResNet has four layers.")
        let layout = try ModelError.wrapping { () throws(KernelError) in
            try weights.context.preferredFeatureLayout(weights.exactFormat)
        }
        self.imageSize = imageSize
        self.pixels = pixels
        self.layout = layout
        format = weights.exactFormat

        var stem: [Convolution] = []
        let half = shape.width / 2
        let channels = [(PixelTable.channels, half), (half, half), (half, shape.width)]
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
        stemPooling = AveragePooling(window: 2)
        var largest = FeatureMaps.numberCount(channels: shape.width, size: size, layout: layout)
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
                    FeatureMaps.numberCount(channels: inputs, size: size, layout: layout)
                )
            }
        }
        self.blocks = blocks
        largestMaps = largest
        pool = try AttentionPool(weights.exact, shape, imageSize: imageSize, embeddingWidth: embeddingWidth)
    }

    /// Turns images, each (imageSize, imageSize, 3) bytes, into (images, embeddingWidth).
    func embed(
        _ images: [UnsafePointer<UInt8>],
        into embeddings: Matrix,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        let scratch = context.scratch
        // Maps go to and fro between two buffers; a block that keeps their shape works in place.
        var maps = try scratch.matrix(rows: images.count, width: largestMaps, format: format)
        var other = try scratch.matrix(rows: images.count, width: largestMaps, format: format)
        var current = try inputMaps(of: images, in: scratch)
        for convolution in stem {
            let output = view(
                of: maps,
                channels: convolution.shape.outputs,
                size: convolution.shape.outputSize
            )
            try convolution(current, into: output, in: context)
            current = output
            swap(&maps, &other)
        }
        let output = view(of: maps, channels: current.channels, size: current.size / 2)
        // (count, width, imageSize / 4, imageSize / 4)
        try stemPooling(current, into: output, in: context)
        current = output
        swap(&maps, &other)
        try show(.stem, current, to: observer, in: scratch)

        for (index, block) in blocks.enumerated() {
            if block.shape.needsShortcut {
                let output = view(of: maps, channels: block.shape.outputs, size: block.shape.outputSize)
                try block(current, into: output, in: context)
                current = output
                swap(&maps, &other)
            } else {
                try block(current, into: current, in: context)
            }
            try show(.block(index), current, to: observer, in: scratch)
        }
        try pool(current, into: embeddings, observer: observer, in: context)
        observer?(.embedding, embeddings)
    }

    /// The layout of the pixels: where maps are blocked, planes, because oneDNN has kernels that read three channels
    /// so.
    private static func pixelLayout(_ layout: FeatureLayout) -> FeatureLayout {
        layout == .interleaved ? .interleaved : .planes
    }

    /// The normalised pixels, (count, 3, imageSize, imageSize), in the layout that the first convolution reads.
    private func inputMaps(
        of images: [UnsafePointer<UInt8>],
        in scratch: ScratchArena
    ) throws(KernelError) -> FeatureMaps {
        let maps = try scratch.maps(
            images: images.count,
            channels: PixelTable.channels,
            size: imageSize,
            layout: Self.pixelLayout(layout),
            format: format
        )
        try scratch.scope { () throws(KernelError) in
            let planes = try scratch.matrix(rows: PixelTable.channels, width: maps.positions)
            for (index, image) in images.enumerated() {
                pixels.write(image, count: maps.positions, to: planes.base, apart: planes.rowStride)
                maps.fill(image: index, fromPlanes: planes.base)
            }
        }
        return maps
    }

    private func view(of memory: Matrix, channels: Int, size: Int) -> FeatureMaps {
        FeatureMaps(memory: memory, images: memory.rows, channels: channels, size: size, layout: layout)
    }

    /// Shows maps to the observer with one row for each pixel: (count x size x size, channels).
    private func show(
        _ stage: Stage,
        _ maps: FeatureMaps,
        to observer: StageObserver?,
        in scratch: ScratchArena
    ) throws(KernelError) {
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
