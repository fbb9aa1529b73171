import CLIPKernels
public import CLIPWeights

/// A CLIP, loaded and ready: images and texts become embeddings in one space.
///
/// **Thread.** One thread uses a model at a time, and should be the same one for the model's whole life (see
/// `ComputeContext`). The work of a call is spread over the model's own number of threads.
///
/// **Memory.** The weights as f32, plus scratch that grows with the largest call up to that of one pass of about
/// `tokensPerPass` tokens, whatever the number of items; a ResNet has a limit of its own, `ModifiedResNet.floatsPerPass`.
public final class CLIPModel {
    /// The shape of the network.
    public let configuration: ModelConfiguration

    private let context: ComputeContext
    private let vision: ImageTower
    private let text: TextTransformer

    /// How many tokens go through a transformer at once; more items are done in several passes.
    ///
    /// ViT-B/32 on one AVX2 core took 146 ms for an image alone, 120 ms for each of eight and 106 ms for each of twenty,
    /// which are 1,000 tokens. Scratch memory grows with the tokens: about 19 KB each at a width of 768.
    static let tokensPerPass = 1_024

    /// Loads the weights that `configuration` describes from `checkpoint`.
    ///
    /// Refuses, naming the tensors, a checkpoint in which one is missing, has another shape, is not made of floats, or
    /// is left over. Nothing keeps the checkpoint afterwards.
    public init(
        configuration: ModelConfiguration,
        checkpoint: Checkpoint,
        layout: ModelDirectory.Layout,
        threads: Int
    ) throws(ModelError) {
        self.configuration = configuration
        context = try ModelError.wrapping { () throws(KernelError) in try ComputeContext(threads: threads) }
        let scope = WeightScope(checkpoint)
        let names = CheckpointNames(layout, in: scope)
        let weights = WeightReader(names: names, scope: scope, context: context)
        let embeddingWidth = configuration.embeddingWidth
        vision = try ImageTower(weights, configuration.vision, embeddingWidth: embeddingWidth)
        text = try TextTransformer(weights, configuration.text, embeddingWidth: embeddingWidth)
        try ModelError.reading { () throws(WeightError) in
            try scope.requireAllUsed(ignoring: names.ignorable)
        }
        checkpoint.releasePages()
    }

    /// Embeddings of images, as the network gives them: not normalised.
    ///
    /// - Parameter pixelValues: (count, 3, imageSize, imageSize), normalised floats, one plane for each colour.
    /// - Returns: (count, embeddingWidth). An image's row does not depend on the others, but for the last digits
    ///   of a float.
    public func imageEmbeddings(pixelValues: [Float], count: Int) throws(ModelError) -> [Float] {
        try imageEmbeddings(pixelValues: pixelValues, count: count, observer: nil)
    }

    /// Embeddings of captions, as the network gives them: not normalised.
    ///
    /// - Parameter tokens: for each caption its ids from start-of-text to end-of-text. Ids behind the first
    ///   end-of-text, padding for instance, are allowed and cost nothing.
    /// - Returns: (captions, embeddingWidth), in the order of the captions.
    public func textEmbeddings(tokens: [[Int32]]) throws(ModelError) -> [Float] {
        try textEmbeddings(tokens: tokens, observer: nil)
    }

    /// How much working memory is held between calls.
    package var scratchByteCount: Int { context.scratch.byteCount }

    package func imageEmbeddings(
        pixelValues: [Float],
        count: Int,
        observer: StageObserver?
    ) throws(ModelError) -> [Float] {
        let imageCount = configuration.vision.pixelValueCount
        let (expected, overflow) = imageCount.multipliedReportingOverflow(by: count)
        guard count >= 0, !overflow, pixelValues.count == expected else {
            throw .wrongPixelValueCount(expected: overflow ? .max : expected, found: pixelValues.count)
        }
        let step = vision.imagesPerPass
        var result: [Float] = []
        result.reserveCapacity(count * configuration.embeddingWidth)
        for first in stride(from: 0, to: count, by: step) {
            let images = min(step, count - first)
            result += try pass(items: images) { (embeddings) throws(KernelError) in
                try pixelValues.withUnsafeBufferPointer { (pixels) throws(KernelError) in
                    guard let base = pixels.baseAddress else { return }
                    try vision.embed(
                        base + first * imageCount,
                        count: images,
                        into: embeddings,
                        observer: observer
                    )
                }
            }
        }
        return result
    }

    package func textEmbeddings(tokens: [[Int32]], observer: StageObserver?) throws(ModelError) -> [Float] {
        var captions: [ArraySlice<Int32>] = []
        for (index, ids) in tokens.enumerated() {
            captions.append(try text.relevantTokens(of: ids, caption: index))
        }
        // Captions of equal length become neighbours, which attention does at once.
        let order = captions.indices.sorted { (captions[$0].count, $0) < (captions[$1].count, $1) }
        let width = configuration.embeddingWidth
        var result = [Float](repeating: 0, count: captions.count * width)
        var next = 0
        while next < order.count {
            let first = next
            var rows = 0
            while next < order.count,
                next == first || rows + captions[order[next]].count <= Self.tokensPerPass
            {
                rows += captions[order[next]].count
                next += 1
            }
            let chosen = order[first..<next]
            let embeddings = try pass(items: chosen.count) { (embeddings) throws(KernelError) in
                try text.embed(chosen.map { captions[$0] }, into: embeddings, observer: observer)
            }
            for (row, caption) in chosen.enumerated() {
                result.replaceSubrange(
                    caption * width..<(caption + 1) * width,
                    with: embeddings[row * width..<(row + 1) * width]
                )
            }
        }
        return result
    }

    /// One pass through a tower: (items, embeddingWidth).
    private func pass(items: Int, _ body: (Matrix) throws(KernelError) -> Void) throws(ModelError) -> [Float]
    {
        try ModelError.wrapping { () throws(KernelError) in
            try context.beginPass()
            let embeddings = try context.scratch.matrix(rows: items, width: configuration.embeddingWidth)
            try body(embeddings)
            return embeddings.floats()
        }
    }
}
