internal import CLIPEngine
internal import Synchronization

/// An index that is searched, while another process may be bringing it up to date.
package final class ImageIndex: Sendable {
    package let file: IndexFile
    private let threads: Int
    /// What was read of it so far.
    private struct Loaded {
        var set: VectorSet
        var state: IndexFile.State?
        /// Which rows files of a scope have, as long as nobody writes to the index.
        var rows: (state: IndexFile.State, scope: IndexFile.Scope, isWanted: [Bool])?
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
        /// The files that have it, in the order of their paths.
        package let paths: [String]
        /// The cosine with the query, from -1 to 1.
        package let score: Float

        package init(id: Int, paths: [String], score: Float) {
            (self.id, self.paths, self.score) = (id, paths, score)
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
                let row = try index.file.row(ofPath: path), let embedding = try index.embedding(ofRow: row)
            else { return nil }
            return (row + 1, embedding)
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

    /// The vector of a row; nil where there is no such row.
    func embedding(ofRow row: Int) throws(IndexError) -> [Float]? {
        let set = try current().set
        guard row >= 0, row < set.count else { return nil }
        let high = set.blocks[row / VectorBlock.capacity].rows(from: row % VectorBlock.capacity)
        return file.code.embedding(high: high, low: try file.low(ofRow: row), scale: set.terms[row].scale)
    }

    private func searchNow(_ queries: [Query]) throws(IndexError) -> Result {
        let (set, state) = try current()
        var matches = queries.map { _ in [Match]() }
        var searched = 0
        // Those of one scope go through the vectors together.
        for scope in queries.map(\.scope).uniqued {
            let places = queries.indices.filter { queries[$0].scope == scope }
            let rows = try rows(in: scope, of: set, at: state)
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
                    (row) throws(IndexError) in try file.low(ofRow: row)
                }
                let wanted = best.filter { $0.row + 1 != queries[place].excluded }.prefix(queries[place].top)
                matches[place] = try wanted.map { (match) throws(IndexError) in
                    Match(
                        id: match.row + 1,
                        paths: try file.paths(ofRow: match.row, in: scope),
                        score: match.score
                    )
                }
            }
        }
        return Result(matches: matches, searched: searched)
    }
}

extension ImageIndex {
    /// For each row, whether a file of the scope has it.
    ///
    /// Going through a million files takes longer than comparing as many vectors.
    private func rows(
        in scope: IndexFile.Scope,
        of set: VectorSet,
        at state: IndexFile.State
    ) throws(IndexError) -> [Bool] {
        let known = loaded.withLock { $0.rows }
        if let known, known.state == state, known.scope == scope, known.isWanted.count == set.count {
            return known.isWanted
        }
        let rows = try file.rows(in: scope, count: set.count)
        loaded.withLock { $0.rows = (state, scope, rows) }
        return rows
    }

    /// All vectors that are there now, and the state that was found; vectors that were not read yet are.
    private func current() throws(IndexError) -> (set: VectorSet, state: IndexFile.State) {
        try loaded.withLock { (loaded) throws(IndexError) in
            let state = try file.state()
            if let known = loaded.state, known.generation != state.generation {
                loaded.set = VectorSet(code: file.code)
            }
            if loaded.state?.count != state.count || loaded.state?.generation != state.generation {
                loaded.state = try file.load(into: &loaded.set)
            }
            return (loaded.set, state)
        }
    }
}

extension Array where Element: Equatable {
    /// Each element once, in the order of their first places.
    fileprivate var uniqued: [Element] {
        reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
