public import CLIPKernels
public import CLIPWeights

/// A CLIP, loaded and ready: images and texts become embeddings in one space.
///
/// **Threads.** The weights never change, and any number of threads use them at once, each with a `ComputeContext` of its
/// own. Threads can also make one pass together (`PassShare`), for the sake of a lone request.
///
/// **Memory.** The weights in their format, plus the scratch of each context, which grows with the largest call up to that
/// of one pass of about `tokensPerPass` tokens, whatever the number of items; a ResNet has a limit of its own,
/// `ModifiedResNet.numbersPerPass`.
public final class CLIPModel: Sendable {
    /// The shape of the network.
    public let configuration: ModelConfiguration
    /// How scores come of the cosines between images and texts.
    public let scoring: ScoreRule

    private let vision: ImageTower?
    private let text: TextTransformer?

    /// How many tokens go through a transformer at once; more items are done in several passes.
    ///
    /// More would not be faster: on one core with AVX-512 oneDNN did 97 GFLOP/s with 50 rows, 107 with 200 and 109 with 400.
    /// Scratch memory grows with the tokens: about 30 KB each at a width of 768.
    static let tokensPerPass = 512

    /// Bytes from which on a table of tokens stays in the checkpoint's file, whose rows come as they are looked up.
    public static var leastMappedTable: Int { TokenRows.leastMappedBytes }

    /// Loads the weights that `configuration` describes from `checkpoint`, with linear layers in `format`.
    ///
    /// What the network sees of the bytes of an image, `pixels` says; nil where there is no image tower.
    ///
    /// Refuses, naming the tensors, a checkpoint in which one is missing, has another shape, is not made of floats, or
    /// is left over; and one with other towers than the configuration describes. Nothing keeps the checkpoint afterwards but
    /// a table of very many tokens, which stays in its file. With a packed `copy` of it, its linear layers and its table of
    /// tokens are taken from there, or kept there for the next time.
    public convenience init(
        configuration: ModelConfiguration,
        checkpoint: Checkpoint,
        layout: ModelDirectory.Layout,
        pixels: PixelTable?,
        format: NumberFormat = .f32,
        copy: PackedCopy? = nil,
        engine: ComputeEngine
    ) throws(ModelError) {
        try self.init(
            configuration: configuration,
            checkpoint: checkpoint,
            layout: layout,
            pixels: pixels,
            format: format,
            copy: copy,
            leastMappedBytes: nil,
            engine: engine
        )
    }

    /// - Parameter leastMappedBytes: how large a table of tokens is that stays in its file; nil for what is usual.
    package init(
        configuration: ModelConfiguration,
        checkpoint: Checkpoint,
        layout: ModelDirectory.Layout,
        pixels: PixelTable?,
        format: NumberFormat,
        copy: PackedCopy? = nil,
        leastMappedBytes: Int?,
        engine: ComputeEngine
    ) throws(ModelError) {
        self.configuration = configuration
        let context = try ModelError.wrapping { () throws(KernelError) in try ComputeContext(engine: engine) }
        let scope = WeightScope(checkpoint)
        let names = CheckpointNames(layout, configuration, in: scope)
        try names.requireTowers(of: configuration, in: scope)
        var weights = WeightReader(names: names, scope: scope, format: format, copy: copy, context: context)
        if let leastMappedBytes { weights.leastMappedBytes = leastMappedBytes }
        let embeddingWidth = configuration.embeddingWidth
        vision = try configuration.vision.map { (shape) throws(ModelError) in
            guard let pixels else {
                preconditionFailure("An image tower has to know what bytes of pixels mean.")
            }
            return try ImageTower(weights, shape, pixels: pixels, embeddingWidth: embeddingWidth)
        }
        text = try configuration.text.map { (shape) throws(ModelError) in
            try TextTransformer(weights, shape, embeddingWidth: embeddingWidth)
        }
        scoring = try ScoreRule(weights)
        try ModelError.reading { () throws(WeightError) in
            try scope.requireAllUsed(ignoring: names.ignorable)
        }
        checkpoint.releasePages()
        copy?.finish()
    }

    /// Tokens of an image, which threads can share among them; nil for a network without, or without an image tower.
    ///
    /// Those of texts they always can.
    public var tokensPerImage: Int? { vision?.tokensPerImage }

    /// How many of so many images go through the network at once; the rest of a call is done in further passes.
    public func imagesPerPass(of count: Int) -> Int { vision?.imagesPerPass(of: count) ?? count }

    /// Among how many threads a pass of few images is divided by columns at most, each with its part of the weights; 0 where
    /// it is not.
    public var imageParts: Int { vision?.columnParts ?? 0 }

    /// The same of captions.
    public var textParts: Int { text?.columnParts ?? 0 }

    /// Whether the operations of an image's pass are worth dividing among oneDNN's threads, since its tokens cannot be.
    public var hasLargeOperations: Bool { vision?.hasLargeOperations ?? false }

    /// Embeddings of images, as the network gives them: not normalised.
    ///
    /// - Parameters:
    ///   - images: for each image (imageSize, imageSize, 3) bytes: red, green and blue of each pixel.
    ///   - share: this thread's part, where several make the call together, all with the same images.
    ///   - context: what this thread computes with.
    /// - Returns: (images, embeddingWidth) to the first part, nothing to the others. An image's row does not depend on
    ///   the others, but for the last digits of a float.
    public func imageEmbeddings(
        of images: [[UInt8]],
        share: PassShare = .whole,
        in context: ComputeContext
    ) throws(ModelError) -> [Float] {
        try imageEmbeddings(of: images, share: share, in: context, observer: nil)
    }

    /// Embeddings of captions, as the network gives them: not normalised.
    ///
    /// - Parameters:
    ///   - tokens: for each caption its ids from start-of-text to end-of-text. Ids behind the first end-of-text, padding
    ///     for instance, are allowed and cost nothing.
    ///   - share: this thread's part, where several make the call together, all with the same captions.
    ///   - context: what this thread computes with.
    /// - Returns: (captions, embeddingWidth), in the order of the captions, to the first part, nothing to the others.
    public func textEmbeddings(
        of tokens: [[Int32]],
        share: PassShare = .whole,
        in context: ComputeContext
    ) throws(ModelError) -> [Float] {
        try textEmbeddings(of: tokens, share: share, in: context, observer: nil)
    }

    package func imageEmbeddings(
        of images: [[UInt8]],
        share: PassShare = .whole,
        in context: ComputeContext,
        observer: StageObserver?
    ) throws(ModelError) -> [Float] {
        guard let vision, let expected = configuration.vision?.pixelByteCount else { throw .noTower(.image) }
        for image in images where image.count != expected {
            throw .wrongPixelByteCount(expected: expected, found: image.count)
        }
        precondition(share.isWhole || tokensPerImage != nil, "This tower's passes cannot be shared.")
        var result: [Float] = []
        result.reserveCapacity(images.count * configuration.embeddingWidth)
        var next = 0
        while next < images.count {
            let chosen = images[next..<next + vision.imagesPerPass(of: images.count - next)]
            result += try pass(items: chosen.count, share: share, in: context) {
                (embeddings) throws(ModelError) in
                try ModelError.wrapping { () throws(KernelError) in
                    try Self.withPointers(to: chosen) { (pointers) throws(KernelError) in
                        try vision.embed(
                            pointers,
                            into: embeddings,
                            share: share,
                            observer: observer,
                            in: context
                        )
                    }
                }
            }
            next += chosen.count
        }
        return result
    }

    package func textEmbeddings(
        of tokens: [[Int32]],
        share: PassShare = .whole,
        in context: ComputeContext,
        observer: StageObserver?
    ) throws(ModelError) -> [Float] {
        guard let text else { throw .noTower(.text) }
        var captions: [TextTransformer.Caption] = []
        for (index, ids) in tokens.enumerated() {
            captions.append(try text.relevantTokens(of: ids, caption: index))
        }
        var result: [Float] = []
        result.reserveCapacity(captions.count * configuration.embeddingWidth)
        var next = 0
        while next < captions.count {
            let first = next
            var rows = 0
            while next < captions.count,
                next == first || rows + captions[next].ids.count <= Self.tokensPerPass
            {
                rows += captions[next].ids.count
                next += 1
            }
            let chosen = Array(captions[first..<next])
            result += try pass(items: chosen.count, share: share, in: context) {
                (embeddings) throws(ModelError) in
                try text.embed(chosen, into: embeddings, share: share, observer: observer, in: context)
            }
        }
        return result
    }

    /// Lends the bytes of several arrays at once.
    private static func withPointers(
        to images: ArraySlice<[UInt8]>,
        after pointers: [UnsafePointer<UInt8>] = [],
        _ body: ([UnsafePointer<UInt8>]) throws(KernelError) -> Void
    ) throws(KernelError) {
        guard let image = images.first else { return try body(pointers) }
        try image.withUnsafeBufferPointer { (bytes) throws(KernelError) in
            guard let base = bytes.baseAddress else { return }
            try withPointers(to: images.dropFirst(), after: pointers + [base], body)
        }
    }

    /// One pass through a tower: (items, embeddingWidth), for the first part of it.
    private func pass(
        items: Int,
        share: PassShare,
        in context: ComputeContext,
        _ body: (Matrix) throws(ModelError) -> Void
    ) throws(ModelError) -> [Float] {
        do throws(ModelError) {
            let embeddings = try ModelError.wrapping { () throws(KernelError) in
                try context.beginPass()
                return try share.matrix(rows: items, width: configuration.embeddingWidth, in: context)
            }
            try body(embeddings)
            try ModelError.wrapping { () throws(KernelError) in try share.meet() }
            return share.index == 0 ? embeddings.floats() : []
        } catch {
            share.abandon()
            throw error
        }
    }
}
