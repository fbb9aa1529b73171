internal import CLIPModels
internal import Synchronization

/// The keys and values of prefixes with which captions come again and again.
///
/// ``PrefixPlanner`` makes all decisions; this type adds a lock and the memory.
final class PrefixCache: Sendable {
    private let planner: Mutex<PrefixPlanner<CaptionPrefix>>
    /// The most bytes of keys and values.
    let limit: Int

    /// A cache of at most `limit` bytes of keys and values, of which one token takes so many; with 0 there is none.
    init(limit: Int, bytesPerToken: Int) {
        self.limit = limit
        planner = Mutex(PrefixPlanner(limit: limit, bytesPerToken: bytesPerToken))
    }

    /// The bytes of keys and values that are kept.
    var byteCount: Int { planner.withLock { $0.byteCount } }

    /// Forgets all prefixes.
    func removeAll() {
        planner.withLock { $0.removeAll() }
    }

    /// What a pass of these captions reads, and what it is to fill; the caller has to call ``finish(_:)``.
    ///
    /// - Parameter captions: the tokens that the pass computes of each.
    func use(for captions: [[Int32]], by model: CLIPModel) -> PrefixUse {
        guard limit > 0 else { return .none }
        let (known, wanted) = planner.withLock { $0.choose(for: captions) }
        var made: [CaptionPrefix] = []
        for tokens in wanted {
            // Without memory for it, a pass does without it.
            guard let prefix = try? model.prefix(tokens) else {
                planner.withLock { $0.finish(tokens, with: nil) }
                continue
            }
            made.append(prefix)
        }
        return PrefixUse(known: known, wanted: made)
    }

    /// Keeps the prefixes that a pass has filled, when it has ended.
    func finish(_ use: PrefixUse) {
        guard !use.wanted.isEmpty else { return }
        planner.withLock { planner in
            for prefix in use.wanted { planner.finish(prefix.tokens, with: prefix.isFilled ? prefix : nil) }
        }
    }
}
