internal import CLIPEngine
internal import CLIPFiles
internal import Synchronization

/// An index that is searched, while another process may be bringing it up to date.
package final class ImageIndex: Sendable {
    package let file: IndexFile
    private let threads: Int
    /// What was read of it so far.
    private struct Loaded {
        var set: VectorSet
        /// The file's, when that was read.
        var version: Int?
        /// Which rows are of the scope that was searched last, and the file's version then.
        var rows: (scope: IndexFile.Scope, version: Int, isWanted: [Bool])?
    }

    private let loaded: Mutex<Loaded>
    /// Searches are made here one after the other, each on all threads.
    private let pool = WorkPool(name: "search", threads: 1)

    /// - Parameter threads: that a search takes.
    package init(_ file: IndexFile, threads: Int) {
        self.file = file
        self.threads = max(1, threads)
        loaded = Mutex(Loaded(set: VectorSet(code: file.code)))
    }

    /// A picture that fits a query.
    package struct Match: Equatable, Sendable {
        /// The picture's number in the index.
        package let id: Int
        /// The first files that have it, in the order of their paths, as many as were asked for.
        package let paths: [String]
        /// How many files have it.
        package let fileCount: Int
        /// The cosine with the query, from -1 to 1.
        package let score: Float

        /// - Parameter fileCount: nil where all are told.
        package init(id: Int, paths: [String], fileCount: Int? = nil, score: Float) {
            (self.id, self.paths, self.score) = (id, paths, score)
            self.fileCount = fileCount ?? paths.count
        }
    }

    package struct Query: Sendable {
        package var embedding: [Float]
        /// How many pictures are wanted at most.
        package var top: Int
        package var minScore: Float
        package var scope: IndexFile.Scope
        /// A picture that is not wanted: the one that the query is.
        package var excluded: Int?
        /// How many paths of a picture are told at most: it may have any number of copies.
        package var mostPaths = Int.max

        package init(
            _ embedding: [Float],
            top: Int,
            minScore: Float = -.infinity,
            scope: IndexFile.Scope = IndexFile.Scope(),
            excluding excluded: Int? = nil
        ) {
            (self.embedding, self.top, self.minScore) = (embedding, top, minScore)
            (self.scope, self.excluded) = (scope, excluded)
        }
    }

    /// What a search found.
    package struct Result: Sendable {
        /// For each query, the best first.
        package let matches: [[Match]]
        /// Pictures that were compared.
        package let searched: Int

        package init(matches: [[Match]], searched: Int) {
            (self.matches, self.searched) = (matches, searched)
        }
    }

    /// The pictures that fit queries best, compared with every picture of the index as it is now.
    package func search(_ queries: [Query]) async throws(IndexError) -> Result {
        try await onItsThread { (index) throws(IndexError) in try index.searchNow(queries) }
            ?? Result(matches: queries.map { _ in [] }, searched: 0)
    }

    /// The vector of a file, if the index has it as it is; nil otherwise.
    package func embedding(ofFile path: String) async throws(IndexError) -> (id: Int, [Float])? {
        try await onItsThread { (index) throws(IndexError) in
            guard let look = IndexFile.Look(at: path),
                case .current(_, isMissing: false) = try index.file.known(path, look),
                let content = try index.file.content(ofPath: path),
                let embedding = try index.embedding(ofContent: content)
            else { return nil }
            return (content, embedding)
        }
    }

    /// Asks the file on the thread that searches are made on; nil where the task was cancelled before its turn came.
    func onItsThread<Value: Sendable>(
        _ body: @escaping @Sendable (ImageIndex) throws(IndexError) -> Value?
    ) async throws(IndexError) -> Value? {
        let result = await pool.run { [self] _ in
            Swift.Result { () throws(IndexError) in try body(self) }
        }
        return try result?.get()
    }

    /// The vector of a content; nil where there is none.
    func embedding(ofContent content: Int) throws(IndexError) -> [Float]? {
        let set = try current()
        guard let row = set.row(ofContent: content), let low = try file.low(ofContent: content) else {
            return nil
        }
        return file.code.embedding(high: set.high(ofRow: row), low: low, scale: set.terms[row].scale)
    }

    private func searchNow(_ queries: [Query]) throws(IndexError) -> Result {
        let set = try current()
        var matches = queries.map { _ in [Match]() }
        var searched = 0
        // Those of one scope go through the vectors together.
        for scope in queries.map(\.scope).uniqued {
            let places = queries.indices.filter { queries[$0].scope == scope }
            let rows = try rows(in: scope, of: set)
            searched = max(searched, rows.count { $0 })
            let together = set.code.queries(places.map { queries[$0].embedding })
            // One more, in the place of the one that is not wanted.
            let wishes = places.map {
                let query = queries[$0]
                let top = query.excluded == nil || query.top == .max ? query.top : query.top + 1
                return VectorScan.Wish(top: top, minScore: query.minScore)
            }
            let scan = VectorScan(vectors: set, threads: threads)
            let lists = scan.shortlists(for: together, wishes, among: rows)
            for (number, place) in places.enumerated() {
                let best = try scan.best(of: lists[number], for: number, of: together, wishes[number]) {
                    (row) throws(IndexError) in try file.low(ofContent: set.content(ofRow: row))
                }
                let wanted = best.filter { set.content(ofRow: $0.row) != queries[place].excluded }.prefix(
                    queries[place].top
                )
                matches[place] = try wanted.map { (match) throws(IndexError) in
                    let id = set.content(ofRow: match.row)
                    let (paths, count) = try file.firstPaths(
                        queries[place].mostPaths,
                        ofContent: id,
                        in: scope
                    )
                    return Match(id: id, paths: paths, fileCount: count, score: match.score)
                }
            }
        }
        return Result(matches: matches, searched: searched)
    }
}

extension ImageIndex {
    /// All vectors that are there now; those that were not read yet are.
    private func current() throws(IndexError) -> VectorSet {
        try loaded.withLock { (loaded) throws(IndexError) in
            let version = try file.version()
            if loaded.version != version { loaded.version = try file.load(into: &loaded.set) }
            return loaded.set
        }
    }

    /// Which rows are of a scope; not asked again as long as nothing was written, since all files have to be looked through.
    private func rows(in scope: IndexFile.Scope, of set: VectorSet) throws(IndexError) -> [Bool] {
        try loaded.withLock { (loaded) throws(IndexError) in
            let version = try file.version()
            if let kept = loaded.rows, kept.scope == scope, kept.version == version,
                kept.isWanted.count == set.count
            {
                return kept.isWanted
            }
            let isWanted = try file.rows(in: scope, of: set)
            loaded.rows = try file.version() == version ? (scope, version, isWanted) : nil
            return isWanted
        }
    }
}

extension Array where Element: Equatable {
    /// Each element once, in the order of their first places.
    fileprivate var uniqued: [Element] {
        reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
