import CLIPKernels

/// The captions of one pass through a causal tower, in which every token sequence with which captions begin has rows
/// only once.
///
/// Captions that begin alike differ in nothing until their first other token: neither what follows nor who shares the
/// rows changes a token's numbers. So in the order of their tokens each caption continues the one before it from where
/// they part. Equal captions have the same rows altogether.
struct CaptionTree {
    /// The different captions, in the order of their rows.
    private(set) var captions: [TextTransformer.Caption] = []
    /// The items of the call that each of them is.
    private(set) var items: [[Int]] = []
    /// The rows of keys and values of prefixes from a cache, which come before those of the captions.
    private(set) var cached: [CaptionPrefix] = []

    /// Prefixes that the pass is to fill, with the rows of their tokens.
    private var found: [(prefix: CaptionPrefix, rows: [Row])] = []
    /// The rows of each caption's tokens before its own rows.
    private var prefixes: [[Row]] = []
    /// The number of rows that the pass computes.
    private(set) var rows = 0
    /// The rows of the last caption's tokens.
    private var path: [Row] = []

    /// A row of keys and values.
    private enum Row {
        case cached(Int)
        case computed(Int)
    }

    /// The places of the captions' own rows.
    var layout: SequenceLayout {
        let branches = zip(captions, prefixes).map { caption, prefix in
            SequenceLayout.Branch(prefix: prefix.map(place), length: caption.ids.count - prefix.count)
        }
        return SequenceLayout(branches, cachedRows: cachedRows)
    }

    /// Prefixes that the pass is to fill, each with a row of keys and values for every token.
    var wanted: [(prefix: CaptionPrefix, rows: [Int])] { found.map { ($0.prefix, $0.rows.map(place)) } }

    private var cachedRows: Int { cached.reduce(0) { $0 + $1.tokens.count } }

    private func place(of row: Row) -> Int {
        switch row {
        case .cached(let index): index
        case .computed(let index): cachedRows + index
        }
    }

    /// Divides captions among passes of at most `limit` computed rows; a single longer caption gets one of its own.
    ///
    /// - Parameter sharesRows: whether captions share rows, in a causal tower; otherwise they keep their order.
    static func passes(
        of captions: [TextTransformer.Caption],
        sharingRows sharesRows: Bool,
        prefixes: PrefixUse,
        limit: Int
    ) -> [CaptionTree] {
        let order =
            sharesRows
            ? captions.indices.sorted { captions[$0].ids.lexicographicallyPrecedes(captions[$1].ids) }
            : Array(captions.indices)
        let sorted = prefixes.known.sorted { $0.tokens.lexicographicallyPrecedes($1.tokens) }
        var passes: [CaptionTree] = []
        var wanted = prefixes.wanted
        // Captions come in the order of their tokens, too, so the first prefix that does not precede them only moves on.
        var next = 0
        for item in order {
            let caption = captions[item]
            while next < sorted.count, sorted[next].tokens.lexicographicallyPrecedes(caption.ids) {
                next += 1
            }
            // Nothing has more tokens in common with it than its neighbours in that order.
            let known = sharesRows ? sorted[max(0, next - 1)..<min(sorted.count, next + 1)] : []
            var beginning = passes.last?.beginning(of: caption, sharingRows: sharesRows, known: known)
            let rows = passes.last?.rows ?? 0
            if beginning.map({ $0.computed == 0 || rows + $0.computed <= limit }) != true {
                passes.append(CaptionTree())
                beginning = nil
            }
            let last = passes.count - 1
            let start =
                beginning ?? passes[last].beginning(of: caption, sharingRows: sharesRows, known: known)
            passes[last].add(caption, item, from: start)
            if sharesRows { passes[last].fill(&wanted) }
        }
        return passes
    }

    /// Where a caption gets the rows of its first tokens from.
    private enum Beginning {
        /// It is the caption before, altogether.
        case equal
        /// So many tokens of the caption before; the others are computed.
        case before(Int, computed: Int)
        /// So many tokens of a cached prefix.
        case cached(CaptionPrefix, Int, computed: Int)

        /// How many rows the caption adds.
        var computed: Int {
            switch self {
            case .equal: 0
            case .before(_, let computed), .cached(_, _, let computed): computed
            }
        }
    }

    /// The pooled token is always computed, but for captions that are equal.
    private func beginning(
        of caption: TextTransformer.Caption,
        sharingRows sharesRows: Bool,
        known: ArraySlice<CaptionPrefix>
    ) -> Beginning {
        let count = caption.ids.count
        guard sharesRows else { return .before(0, computed: count) }
        let common = captions.last.map { caption.ids.commonPrefixCount(with: $0.ids) } ?? 0
        if common == count, captions.last?.ids.count == count { return .equal }
        let before = min(count - 1, common)
        let best = known.map { ($0, min(count - 1, caption.ids.commonPrefixCount(with: $0.tokens))) }
            .max { $0.1 < $1.1 }
        if let (prefix, shared) = best, shared > before {
            return .cached(prefix, shared, computed: count - shared)
        }
        return .before(before, computed: count - before)
    }

    private mutating func add(_ caption: TextTransformer.Caption, _ item: Int, from beginning: Beginning) {
        let prefix: [Row]
        switch beginning {
        case .equal: return items[items.count - 1].append(item)
        case .before(let count, _): prefix = Array(path[..<count])
        case .cached(let known, let count, _): prefix = rows(of: known, count: count)
        }
        let own = rows..<rows + beginning.computed
        captions.append(caption)
        items.append([item])
        prefixes.append(prefix)
        rows = own.upperBound
        path = prefix + own.map(Row.computed)
    }

    /// The first rows of a cached prefix, which becomes one of the pass's.
    private mutating func rows(of prefix: CaptionPrefix, count: Int) -> [Row] {
        var first = 0
        for other in cached {
            if other === prefix { return (first..<first + count).map(Row.cached) }
            first += other.tokens.count
        }
        cached.append(prefix)
        return (first..<first + count).map(Row.cached)
    }

    /// Notes which of the wanted prefixes the last caption begins with.
    private mutating func fill(_ wanted: inout [CaptionPrefix]) {
        guard !wanted.isEmpty, let ids = captions.last?.ids else { return }
        wanted.removeAll { prefix in
            guard ids.starts(with: prefix.tokens) else { return false }
            found.append((prefix, Array(path[..<prefix.tokens.count])))
            return true
        }
    }
}

extension ArraySlice<Int32> {
    /// How many elements both begin with.
    fileprivate func commonPrefixCount(with other: some Collection<Int32>) -> Int {
        zip(self, other).prefix { $0 == $1 }.count
    }
}
