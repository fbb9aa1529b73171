package import CLIPKernels
package import CLIPWeights

/// In which order weights are prefetched, of which some processors like one and some the other.
extension CLIPModel {
    /// The bytes of a checkpoint from which it matters; a smaller one's text tower stays in a cache.
    package static let leastPrefetchedBytes = 64 << 20
    /// Where the choice lies in a packed copy.
    private static let place = "prefetches pages in turn"
    private static let rounds = 5
    /// After so long nothing more is measured.
    private static let mostSeconds = Duration.milliseconds(500)
    /// Pages in turn have to be that much quicker, since more than a few rows gain nothing.
    private static let mostTime = 0.97

    /// Chooses the order in which the engine's products prefetch weights: as an earlier start chose, or by how long a
    /// caption alone takes.
    ///
    /// It changes no result. Towers without short captions have the order that most processors like, since they gain
    /// nothing by another, as have those whose caption cannot be computed now.
    package func choosePrefetching(
        format: NumberFormat,
        keptIn copy: PackedCopy?,
        in context: ComputeContext
    ) {
        let engine = context.engine
        guard let shape = configuration.text, !shape.readsWholeContext, engine.canPrefetchPagesInTurn(format)
        else { return }
        if let kept = copy?.bytes(named: Self.place)?.mappedBytes.first {
            engine.prefetchesPagesInTurn = kept == 1
            return
        }
        do throws(ModelError) {
            let isQuicker = try isQuickerInTurn(shape.shortCaption, in: context)
            engine.prefetchesPagesInTurn = isQuicker
            withUnsafeBytes(of: UInt8(isQuicker ? 1 : 0)) { copy?.keep($0, named: Self.place) }
        } catch {
            engine.prefetchesPagesInTurn = false
        }
    }

    /// Whether a caption alone takes less time where a line of each of several pages is prefetched in turn.
    private func isQuickerInTurn(
        _ caption: [Int32],
        in context: ComputeContext
    ) throws(ModelError) -> Bool {
        func time(inTurn: Bool) throws(ModelError) -> Duration {
            context.engine.prefetchesPagesInTurn = inTurn
            let start = ContinuousClock.now
            _ = try textEmbeddings(of: [caption], in: context)
            return ContinuousClock.now - start
        }
        let end = ContinuousClock.now + Self.mostSeconds
        _ = try time(inTurn: false)
        var least = (inOrder: try time(inTurn: false), inTurn: try time(inTurn: true))
        for _ in 1..<Self.rounds where ContinuousClock.now < end {
            least.inOrder = min(least.inOrder, try time(inTurn: false))
            least.inTurn = min(least.inTurn, try time(inTurn: true))
        }
        return least.inTurn < least.inOrder * Self.mostTime
    }
}

extension ModelConfiguration.Text {
    /// The ids of a caption of few tokens.
    fileprivate var shortCaption: [Int32] {
        let last: Int32 =
            switch pooling {
            case .largestID: Int32(vocabularySize - 1)
            case .first(let id): id
            case .last: 0
            }
        let others = Int32(last == 0 ? min(1, vocabularySize - 1) : 0)
        return [Int32](repeating: others, count: min(contextLength, 12) - 1) + [last]
    }
}
