internal import CVectorScan

/// Finds the rows of a set that are nearest to queries, exactly.
package struct VectorScan: Sendable {
    package let vectors: VectorSet
    /// Threads that share the work.
    package let threads: Int

    package init(vectors: VectorSet, threads: Int) {
        (self.vectors, self.threads) = (vectors, threads)
    }

    /// A row and its score: the cosine of its vector with the query's.
    package struct Match: Comparable, Sendable {
        package let row: Int
        package let score: Float

        /// The better one is the greater: of equal scores, that of the row before.
        package static func < (one: Match, other: Match) -> Bool {
            one.score == other.score ? one.row > other.row : one.score < other.score
        }
    }

    /// What is wanted of a query.
    package struct Wish: Sendable {
        /// How many of the best.
        package var top: Int
        /// The least score.
        package var minScore: Float

        package init(top: Int, minScore: Float = -.infinity) {
            (self.top, self.minScore) = (top, minScore)
        }
    }

    /// Rows that are multiplied before their sums are looked at.
    private static let stretch = 1024

    /// The rows for each query that may be among the best.
    ///
    /// - Parameters:
    ///   - wishes: one for each query.
    ///   - isWanted: which rows are looked at, by their numbers; nil for all.
    package func shortlists(
        for queries: VectorCode.Queries,
        _ wishes: [Wish],
        among isWanted: [Bool]? = nil
    ) -> [Shortlist] {
        let stretches = (vectors.count + Self.stretch - 1) / Self.stretch
        let parts = max(1, min(threads, stretches))
        let found = Parallel.map(parts) { part in
            shortlists(
                for: queries,
                wishes,
                among: isWanted,
                in: stretches * part / parts..<stretches * (part + 1) / parts
            )
        }
        return wishes.indices.map { query in
            var all = Shortlist(top: wishes[query].top, minScore: wishes[query].minScore)
            for part in found { all.merge(part[query]) }
            return all
        }
    }

    private func shortlists(
        for queries: VectorCode.Queries,
        _ wishes: [Wish],
        among isWanted: [Bool]?,
        in stretches: Range<Int>
    ) -> [Shortlist] {
        var lists = wishes.map { Shortlist(top: $0.top, minScore: $0.minScore) }
        var sums = [Int32](repeating: 0, count: Self.stretch * queries.count)
        var reached = [Int32](repeating: 0, count: Self.stretch)
        for stretch in stretches {
            let first = stretch * Self.stretch
            let count = min(Self.stretch, vectors.count - first)
            multiply(queries, first, count, into: &sums)
            for query in lists.indices {
                let step = queries.scales[query]
                // The query's error counts for the whole row, which is a little longer than one at most.
                let doubt = queries.errors[query] * Self.longest + Self.rounding
                let least = lists[query].threshold - doubt
                let found = reaching(step, least, first, sums[(query * count)...].prefix(count), &reached)
                for index in reached[..<found].lazy.map({ Int($0) }) {
                    if let isWanted, !isWanted[first + index] { continue }
                    let terms = vectors.terms[first + index]
                    let score = terms.scale * step * Float(sums[query * count + index])
                    let doubt = terms.error + doubt
                    // Those before it have raised it.
                    guard score + doubt >= lists[query].threshold else { continue }
                    lists[query].add(row: first + index, most: score + doubt, least: score - doubt)
                }
            }
        }
        return lists
    }

    /// How many rows from the first on may reach a score by their sums and errors, and which.
    private func reaching(
        _ step: Float,
        _ least: Float,
        _ first: Int,
        _ sums: ArraySlice<Int32>,
        _ reached: inout [Int32]
    ) -> Int {
        sums.withUnsafeBufferPointer { sums in
            vectors.terms.withUnsafeBufferPointer { terms in
                // A row has two numbers, and those of neighbours lie beside each other.
                guard let start = terms.baseAddress.map({ UnsafeRawPointer($0 + first) }) else { return 0 }
                return Int(
                    cvectorscan_reaching(
                        sums.baseAddress,
                        Int64(sums.count),
                        start.assumingMemoryBound(to: Float.self),
                        (start + MemoryLayout<Float>.stride).assumingMemoryBound(to: Float.self),
                        2,
                        step,
                        least,
                        &reached
                    )
                )
            }
        }
    }

    /// The length of a row by its high bytes, at most: they are half a step off.
    private static let longest: Float = 1.1
    /// For what floats round in a score.
    private static let rounding: Float = 1e-6

    private func multiply(_ queries: VectorCode.Queries, _ first: Int, _ count: Int, into sums: inout [Int32])
    {
        let block = vectors.blocks[first / VectorBlock.capacity]
        queries.words.withUnsafeBufferPointer { words in
            queries.planes.withUnsafeBufferPointer { planes in
                queries.offsets.withUnsafeBufferPointer { offsets in
                    sums.withUnsafeMutableBufferPointer { sums in
                        var task = cvectorscan_task(
                            rows: block.rows(from: first % VectorBlock.capacity),
                            count: Int64(count),
                            width: Int64(vectors.code.rowBytes),
                            queries: words.baseAddress,
                            planes: planes.baseAddress,
                            offsets: offsets.baseAddress,
                            query_count: Int64(queries.count),
                            sums: sums.baseAddress
                        )
                        cvectorscan(&task)
                    }
                }
            }
        }
    }

    /// The best rows of a shortlist, by their whole vectors: the best first, of equal ones the first row.
    ///
    /// - Parameter low: reads the low bytes of a row; nil where it is none's any more.
    package func best<Failure: Error>(
        of list: Shortlist,
        for query: Int,
        of queries: VectorCode.Queries,
        _ wish: Wish,
        low: (_ row: Int) throws(Failure) -> [Int8]?
    ) throws(Failure) -> [Match] {
        var found = Greatest<Match>(wish.top)
        let vector = Array(
            queries.vectors[query * vectors.code.rowBytes..<(query + 1) * vectors.code.rowBytes]
        )
        // Those that can be best first, so that the rest need not be read.
        for candidate in list.candidates.sorted(by: { ($0.most, $1.row) > ($1.most, $0.row) }) {
            if let last = found.threshold, candidate.most < last.score { break }
            guard let low = try low(candidate.row) else { continue }
            let score = score(of: candidate.row, with: vector, low: low)
            guard score >= wish.minScore else { continue }
            found.insert(Match(row: candidate.row, score: score))
        }
        return found.elements.sorted(by: >)
    }

    private func score(of row: Int, with query: [Float], low: [Int8]) -> Float {
        let high = vectors.high(ofRow: row)
        let product = cvectorscan_product(high, low, query, Int64(vectors.code.rowBytes))
        return vectors.terms[row].scale * product
    }
}
