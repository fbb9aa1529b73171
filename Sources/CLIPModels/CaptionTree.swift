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
            if passes.last?.fits(caption, sharingRows: sharesRows, known: known, limit: limit) != true {
                passes.append(CaptionTree())
            }
            let last = passes.count - 1
            passes[last].add(caption, item, sharingRows: sharesRows, known: known)
            if sharesRows { passes[last].fill(&wanted) }
        }
        return passes
    }

    /// How many of a caption's first tokens have rows already, in the caption before and in a cached prefix.
    ///
    /// The pooled token is always computed.
    private func shared(
        by caption: TextTransformer.Caption,
        known: ArraySlice<CaptionPrefix>
    ) -> (before: Int, known: (prefix: CaptionPrefix, count: Int)?) {
        let most = caption.ids.count - 1
        let before = captions.last.map { min(most, caption.ids.commonPrefixCount(with: $0.ids)) } ?? 0
        let best = known.map { ($0, min(most, caption.ids.commonPrefixCount(with: $0.tokens))) }
            .max { $0.1 < $1.1 }
        return (before, best.flatMap { $0.1 > before ? $0 : nil })
    }

    private func isLast(_ caption: TextTransformer.Caption) -> Bool {
        captions.last.map { $0.ids == caption.ids } ?? false
    }

    private func fits(
        _ caption: TextTransformer.Caption,
        sharingRows sharesRows: Bool,
        known: ArraySlice<CaptionPrefix>,
        limit: Int
    ) -> Bool {
        guard sharesRows else { return rows + caption.ids.count <= limit }
        if isLast(caption) { return true }
        let (before, best) = shared(by: caption, known: known)
        return rows + caption.ids.count - max(before, best?.count ?? 0) <= limit
    }

    private mutating func add(
        _ caption: TextTransformer.Caption,
        _ item: Int,
        sharingRows sharesRows: Bool,
        known: ArraySlice<CaptionPrefix>
    ) {
        if sharesRows, isLast(caption) { return items[items.count - 1].append(item) }
        var prefix: [Row] = []
        if sharesRows {
            let (before, best) = shared(by: caption, known: known)
            prefix = best.map { rows(of: $0.prefix, count: $0.count) } ?? Array(path[..<before])
        }
        let own = rows..<rows + caption.ids.count - prefix.count
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
