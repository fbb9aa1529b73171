/// Decides which prefixes of captions are kept: those with which captions come again and again, such as templates
/// ("a photo of a").
///
/// Of a caption's prefixes the one is wanted whose tokens, times the captions that began with them lately, are most. It
/// is filled by the pass that first wants it, and kept until others that were used since take its room. The planner is
/// a value without a lock.
package struct PrefixPlanner<Prefix> {
    private struct Kept {
        let tokens: [Int32]
        let prefix: Prefix
    }

    private var kept: RecentlyUsed<Int, Kept>
    /// How many captions began with a prefix lately, by its hash.
    private var uses: RecentlyUsed<Int, Int>
    /// The prefixes that passes fill now.
    private var pending: Set<Int> = []

    /// So many captions have to begin with a prefix before it is kept.
    package static var leastUses: Int { 8 }
    /// Longer templates are not looked for.
    package static var longest: Int { 24 }
    /// How many prefixes one pass fills at most.
    package static var mostWanted: Int { 2 }
    /// A prefix is wanted beside a shorter one that serves the same captions only if it saves so much more.
    private static var leastGain: Double { 1.5 }
    /// How many prefixes are counted.
    private static var counted: Int { 8_192 }

    /// A plan for at most `limit` bytes of prefixes.
    package init(limit: Int) {
        kept = RecentlyUsed(limit: limit)
        uses = RecentlyUsed(limit: Self.counted)
    }

    /// The bytes of all prefixes that are kept.
    package var byteCount: Int { kept.byteCount }

    /// Forgets all prefixes and counts.
    package mutating func removeAll() {
        kept.removeAll()
        uses.removeAll()
    }

    /// What a pass of these captions reads, and the tokens of prefixes that it should fill; for each of these `finish`
    /// has to be called.
    package mutating func choose(for captions: [[Int32]]) -> (known: [Prefix], wanted: [[Int32]]) {
        var known: [Int: Prefix] = [:]
        var wanted: [[Int32]] = []
        for caption in captions {
            // The last token is always computed.
            let hashes = caption.dropLast().prefix(Self.longest).prefixHashes
            var (best, bestSaving, knownLength, knownSaving) = (0, 0, 0, 0)
            for (index, hash) in hashes.enumerated() {
                let (length, count) = (index + 1, (uses.value(of: hash) ?? 0) + 1)
                uses.insert(count, for: hash, byteCount: 1)
                if let entry = kept.value(of: hash), caption.starts(with: entry.tokens) {
                    (knownLength, knownSaving) = (length, count * length)
                }
                if count >= Self.leastUses, count * length > bestSaving {
                    (best, bestSaving) = (length, count * length)
                }
            }
            if knownLength > 0 {
                let hash = hashes[knownLength - 1]
                known[hash] = kept.value(of: hash)?.prefix
            }
            guard best > knownLength, Double(bestSaving) > Self.leastGain * Double(knownSaving),
                wanted.count < Self.mostWanted, pending.insert(hashes[best - 1]).inserted
            else { continue }
            wanted.append(Array(caption[..<best]))
        }
        return (Array(known.values), wanted)
    }

    /// Keeps a prefix that a pass was to fill; nil if that failed.
    package mutating func finish(_ tokens: [Int32], with prefix: (Prefix, byteCount: Int)?) {
        guard let hash = tokens.prefixHashes.last else { return }
        pending.remove(hash)
        guard let prefix else { return }
        kept.insert(Kept(tokens: tokens, prefix: prefix.0), for: hash, byteCount: prefix.byteCount)
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
