package import CLIPKernels
package import CLIPWeights

/// How weights are fetched, which some processors like in one way and some in another.
extension CLIPModel {
    /// The bytes of a checkpoint from which it matters; the weights of smaller ones stay in a cache.
    package static let leastFetchedBytes = 64 << 20
    /// Where the choice lies in a packed copy.
    private static let place = "fetches pages in turn"
    private static let rounds = 5
    /// Pages in turn have to be that much quicker, since more than a few rows gain nothing.
    private static let mostTime = 0.97

    /// Chooses how the engine's products fetch weights: as an earlier start chose, or by how long a caption alone takes.
    package func chooseFetching(
        format: NumberFormat,
        keptIn copy: PackedCopy?,
        in context: ComputeContext
    ) throws(ModelError) {
        guard let shape = configuration.text, context.engine.multipliesPanels(format) else { return }
        if let kept = copy?.bytes(named: Self.place)?.mappedBytes.first {
            context.engine.fetchesPagesInTurn = kept == 1
            return
        }
        let caption = shape.shortCaption
        var least = (linesInOrder: Duration.seconds(3_600), pagesInTurn: Duration.seconds(3_600))
        _ = try textEmbeddings(of: [caption], in: context)
        for _ in 0..<Self.rounds {
            least.linesInOrder = min(least.linesInOrder, try time(of: caption, false, in: context))
            least.pagesInTurn = min(least.pagesInTurn, try time(of: caption, true, in: context))
        }
        let isQuicker = least.pagesInTurn < least.linesInOrder * Self.mostTime
        context.engine.fetchesPagesInTurn = isQuicker
        withUnsafeBytes(of: UInt8(isQuicker ? 1 : 0)) { copy?.keep($0, named: Self.place) }
    }

    private func time(
        of caption: [Int32],
        _ fetchesPagesInTurn: Bool,
        in context: ComputeContext
    ) throws(ModelError) -> Duration {
        context.engine.fetchesPagesInTurn = fetchesPagesInTurn
        let start = ContinuousClock.now
        _ = try textEmbeddings(of: [caption], in: context)
        return ContinuousClock.now - start
    }
}

extension ModelConfiguration.Text {
    /// The ids of a caption of few tokens, or of the whole context if the network sees all of it.
    fileprivate var shortCaption: [Int32] {
        let pooled: Int32 =
            switch pooling {
            case .largestID: Int32(vocabularySize - 1)
            case .first(let id): id
            case .last: 0
            }
        let count = readsWholeContext ? contextLength : min(contextLength, 12)
        return [Int32](repeating: pooled == 0 ? Int32(min(1, vocabularySize - 1)) : 0, count: count - 1) + [
            pooled
        ]
    }
}
