public import CLIPKernels
public import CLIPWeights

/// A loaded CLIP model, which turns images and texts into embeddings in one space.
///
/// **Threads.** The weights never change, and any number of threads may use them at once, each with a `ComputeContext`
/// of its own. Several threads can also make one pass together (`PassShare`), to answer a single request sooner.
///
/// **Memory.** The model holds its weights in their format. Each context adds scratch memory, which grows with the
/// largest call up to that of one pass of about `tokensPerPass` tokens, whatever the number of items. A ResNet has a
/// limit of its own, `ModifiedResNet.numbersPerPass`.
public final class CLIPModel: Sendable {
    /// The shape of the network.
    public let configuration: ModelConfiguration
    /// How cosines between images and texts become scores.
    public let scoring: ScoreRule

    private let vision: ImageTower?
    private let text: TextTransformer?

    /// How many tokens go through a transformer at once; more items take several passes.
    ///
    /// More would not be faster: on one core with AVX-512 oneDNN did 97 GFLOP/s with 50 rows, 107 with 200 and 109 with
    /// 400. Scratch memory grows with the tokens: about 30 KB each at a width of 768.
    static let tokensPerPass = 512

    /// The size in bytes from which a token table stays in the checkpoint's file and its rows are read as they are
    /// needed.
    public static var leastMappedTable: Int { TokenRows.leastMappedBytes }

    /// Loads the weights that `configuration` describes from `checkpoint`, with linear layers in `format`.
    ///
    /// `pixels` gives the float that the network sees for each byte of an image; it is nil if there is no image tower.
    ///
    /// A checkpoint is refused, with the tensors' names, if a tensor is missing, has another shape, is not made of
    /// floats, or is left over, or if its towers are not those that the configuration describes. Afterwards nothing
    /// keeps the checkpoint except a token table that is large enough to stay in its file. With a packed `copy` of the
    /// checkpoint, linear layers and the token table are taken from the copy, or stored there for the next time.
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

    /// - Parameters:
    ///   - leastMappedBytes: the size from which a token table stays in its file; nil for the usual size.
    ///   - leastPrefetchedBytes: the size of a checkpoint from which it is measured how weights are prefetched best.
    package init(
        configuration: ModelConfiguration,
        checkpoint: Checkpoint,
        layout: ModelDirectory.Layout,
        pixels: PixelTable?,
        format: NumberFormat,
        copy: PackedCopy? = nil,
        leastMappedBytes: Int?,
        leastPrefetchedBytes: Int = CLIPModel.leastPrefetchedBytes,
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
        if checkpoint.byteCount >= leastPrefetchedBytes {
            choosePrefetching(format: format, keptIn: copy, in: context)
        }
        copy?.finish()
    }

    /// The tokens of an image, which threads can share; nil for a network without tokens or without an image tower.
    ///
    /// The tokens of texts can always be shared.
    public var tokensPerImage: Int? { vision?.tokensPerImage }

    /// How many of `count` images go through the network at once; the rest follow in further passes.
    public func imagesPerPass(of count: Int) -> Int { vision?.imagesPerPass(of: count) ?? count }

    /// The most threads among which a pass of few images is divided by columns; 0 if it cannot be.
    ///
    /// Each of these threads reads only its part of the weights.
    public var imageParts: Int { vision?.columnParts ?? 0 }

    /// The most threads among which a pass of few captions is divided by columns; 0 if it cannot be.
    public var textParts: Int { text?.columnParts ?? 0 }

    /// Whether oneDNN's own threads should share the operations of an image's pass, because its tokens cannot be
    /// shared.
    public var hasLargeOperations: Bool { vision?.hasLargeOperations ?? false }

    /// The embeddings of images, not normalised.
    ///
    /// - Parameters:
    ///   - images: the pixels of each image, (imageSize, imageSize, 3) bytes in the order red, green, blue.
    ///   - share: this thread's part of the call, if several threads make it together; all have to pass the same
    ///     images.
    ///   - context: the context of this thread.
    /// - Returns: (images, embeddingWidth) for the first part, and an empty array for the others. An image's row does
    ///   not depend on the other images, except in the last digits of a float.
    public func imageEmbeddings(
        of images: [[UInt8]],
        share: PassShare = .whole,
        in context: ComputeContext
    ) throws(ModelError) -> [Float] {
        try imageEmbeddings(of: images, share: share, in: context, observer: nil)
    }

    /// The embeddings of captions, not normalised.
    ///
    /// - Parameters:
    ///   - tokens: the ids of each caption from start-of-text to end-of-text. Ids after the first end-of-text, such as
    ///     padding, are allowed and cost nothing.
    ///   - share: this thread's part of the call, if several threads make it together; all have to pass the same
    ///     captions.
    ///   - prefixes: prefixes of captions to read and to fill, the same for all threads of a shared call; only where
    ///     ``sharesPrefixes`` is true.
    ///   - context: the context of this thread.
    /// - Returns: (captions, embeddingWidth) in the captions' order for the first part, and an empty array for the
    ///   others. A caption's row does not depend on the others, or on prefixes, except in the last digits of a float.
    public func textEmbeddings(
        of tokens: [[Int32]],
        share: PassShare = .whole,
        prefixes: PrefixUse = .none,
        in context: ComputeContext
    ) throws(ModelError) -> [Float] {
        try textEmbeddings(of: tokens, share: share, prefixes: prefixes, in: context, observer: nil)
    }

    /// Whether captions that begin alike share what is computed for their common tokens, as in causal towers.
    public var sharesPrefixes: Bool { text?.sharesPrefixes ?? false }

    /// The bytes of one token's keys and values in a prefix.
    public var prefixBytesPerToken: Int { text?.prefixBytesPerToken ?? 0 }

    /// Memory for the keys and values of a prefix, which a call with it in `PrefixUse.wanted` fills.
    ///
    /// - Throws: `kernels` if there is not enough memory; `noTower` without a text tower.
    public func prefix(_ tokens: [Int32]) throws(ModelError) -> CaptionPrefix {
        guard let text else { throw .noTower(.text) }
        return try ModelError.wrapping { () throws(KernelError) in try text.prefix(tokens) }
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
        prefixes: PrefixUse = .none,
        in context: ComputeContext,
        observer: StageObserver?
    ) throws(ModelError) -> [Float] {
        guard let text else { throw .noTower(.text) }
        precondition(prefixes.known.allSatisfy(\.isFilled), "A prefix that is read has been filled.")
        precondition(
            text.sharesPrefixes || prefixes.known.isEmpty && prefixes.wanted.isEmpty,
            "This tower has no prefixes."
        )
        var captions: [TextTransformer.Caption] = []
        for (index, ids) in tokens.enumerated() {
            captions.append(try text.relevantTokens(of: ids, caption: index))
        }
        // Who observes stages sees each caption's rows.
        let passes = CaptionTree.passes(
            of: captions,
            sharingRows: text.sharesPrefixes && prefixes.sharesRows && observer == nil,
            prefixes: prefixes,
            limit: Self.tokensPerPass
        )
        let width = configuration.embeddingWidth
        var result = [Float](repeating: 0, count: share.index == 0 ? captions.count * width : 0)
        for tree in passes {
            let rows = try pass(items: tree.captions.count, share: share, in: context) {
                (embeddings) throws(ModelError) in
                try text.embed(tree, into: embeddings, share: share, observer: observer, in: context)
            }
            guard share.index == 0 else { continue }
            for (prefix, _) in tree.wanted { prefix.noteFilled() }
            for (row, items) in tree.items.enumerated() {
                for item in items {
                    result.replaceSubrange(
                        item * width..<(item + 1) * width,
                        with: rows[row * width..<(row + 1) * width]
                    )
                }
            }
        }
        return result
    }

    /// How many rows each pass computes for captions that end with their pooled token, in a causal tower.
    package static func computedRows(
        of tokens: [[Int32]],
        prefixes: PrefixUse = .none,
        limit: Int
    ) -> [Int] {
        CaptionTree.passes(
            of: tokens.map { TextTransformer.Caption(ids: $0[...], pooled: $0.count - 1) },
            sharingRows: true,
            prefixes: prefixes,
            limit: limit
        )
        .map(\.rows)
    }

    /// Calls `body` with pointers to the bytes of all the arrays.
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

    /// Runs one pass through a tower; the first part of it gets (items, embeddingWidth).
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
