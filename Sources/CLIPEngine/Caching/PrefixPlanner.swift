/// Decides which prefixes of captions are kept: those with which captions come again and again, such as templates
/// ("a photo of a").
///
/// Of a caption's prefixes the one is wanted that saves most: its tokens beyond those of a kept prefix, times the captions
/// that began with it lately. It is filled by the pass that first wants it, and kept until others that were used since
/// take its room. The planner is a value without a lock.
package struct PrefixPlanner<Prefix> {
    private struct Kept {
        let tokens: [Int32]
        let prefix: Prefix
    }

    private var kept: RecentlyUsed<Int, Kept>
    /// How many captions began with a prefix lately, by its hash.
    private var uses: RecentlyUsed<Int, Int>
    /// The prefixes that passes fill now, and the number of their tokens.
    private var pending: Set<Int> = []
    private var pendingTokens = 0
    /// The most tokens that passes fill at once; longer prefixes are not looked for.
    private let mostPending: Int
    private let bytesPerToken: Int

    /// So many captions have to begin with a prefix before it is kept.
    package static var leastUses: Int { 8 }
    /// So many tokens it would have to have saved them together.
    package static var leastSaving: Int { 16 }
    /// Longer templates are not looked for.
    package static var longest: Int { 24 }
    /// How many prefixes one pass fills at most.
    package static var mostWanted: Int { 2 }
    /// How many prefixes are counted.
    private static var counted: Int { 8_192 }

    /// A plan for at most `limit` bytes of prefixes, half of them for those that are being filled.
    package init(limit: Int, bytesPerToken: Int) {
        kept = RecentlyUsed(limit: limit - limit / 2)
        uses = RecentlyUsed(limit: Self.counted)
        self.bytesPerToken = max(1, bytesPerToken)
        mostPending = limit / 2 / self.bytesPerToken
    }

    /// The bytes of all prefixes that are kept or being filled.
    package var byteCount: Int { kept.byteCount + pendingTokens * bytesPerToken }

    /// Forgets all prefixes and counts, but for those that are being filled.
    package mutating func removeAll() {
        kept.removeAll()
        uses.removeAll()
    }

    /// What a pass of these captions reads, and the tokens of prefixes that it should fill; for each of these `finish`
    /// has to be called.
    ///
    /// - Parameter captions: the tokens that the pass computes of each.
    package mutating func choose(for captions: [[Int32]]) -> (known: [Prefix], wanted: [[Int32]]) {
        var known: [Int: Prefix] = [:]
        var wanted: [[Int32]] = []
        for caption in captions {
            // The last token is always computed.
            let hashes = caption.dropLast().prefix(min(Self.longest, mostPending)).prefixHashes
            var counts: [Int] = []
            var knownLength = 0
            for (index, hash) in hashes.enumerated() {
                counts.append((uses.value(of: hash) ?? 0) + 1)
                uses.insert(counts[index], for: hash, byteCount: 1)
                guard let entry = kept.value(of: hash), caption.starts(with: entry.tokens) else { continue }
                knownLength = index + 1
            }
            if knownLength > 0 {
                let hash = hashes[knownLength - 1]
                known[hash] = kept.value(of: hash)?.prefix
            }
            let savings = counts.indices.map {
                counts[$0] < Self.leastUses ? 0 : counts[$0] * ($0 + 1 - knownLength)
            }
            // Of two that save the same, the longer one.
            guard wanted.count < Self.mostWanted,
                let best = savings.indices.max(by: { savings[$0] <= savings[$1] }),
                savings[best] >= Self.leastSaving, pendingTokens + best + 1 <= mostPending,
                pending.insert(hashes[best]).inserted
            else { continue }
            pendingTokens += best + 1
            wanted.append(Array(caption[...best]))
        }
        return (Array(known.values), wanted)
    }

    /// Keeps a prefix that a pass was to fill; nil if it has not.
    package mutating func finish(_ tokens: [Int32], with prefix: Prefix?) {
        guard let hash = tokens.prefixHashes.last else { return }
        if pending.remove(hash) != nil { pendingTokens -= tokens.count }
        guard let prefix else { return }
        let entry = Kept(tokens: tokens, prefix: prefix)
        kept.insert(entry, for: hash, byteCount: tokens.count * bytesPerToken)
    }
}

extension Collection<Int32> {
    /// The hash of the first token, of the first two, and so on.
    var prefixHashes: [Int] {
        var hasher = Hasher()
        return map { token in
            hasher.combine(token)
            let soFar = hasher
            return soFar.finalize()
        }
    }
}
