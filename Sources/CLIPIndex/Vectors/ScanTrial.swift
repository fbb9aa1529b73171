internal import CVectorScan

/// A search through made-up or given vectors, for `clip benchmark search`.
package struct ScanTrial: Sendable {
    private let vectors: VectorSet
    private let low: [[Int8]]
    private let threads: Int
    private let width: Int
    private let source: @Sendable (Int) -> [Float]

    /// Makes vectors that point anywhere, of length one; those with numbers below zero are for queries.
    package static func madeUp(width: Int, seed: UInt64 = 1) -> @Sendable (Int) -> [Float] {
        { vector($0, seed: seed, width: width) }
    }

    /// - Parameter source: gives the vector of a number, from zero on.
    package init(
        count: Int,
        width: Int,
        threads: Int,
        _ source: @escaping @Sendable (Int) -> [Float]
    ) throws(IndexError) {
        (self.threads, self.width, self.source) = (threads, width, source)
        let code = VectorCode(width: width)
        var vectors = VectorSet(code: code)
        var low: [[Int8]] = []
        low.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: Self.piece) {
            let piece = start..<min(start + Self.piece, count)
            let rows = Parallel.map(threads) { part in
                let first = piece.lowerBound + piece.count * part / threads
                let end = piece.lowerBound + piece.count * (part + 1) / threads
                return (first..<end).map { code.row(for: source($0)) }
            }.flatMap(\.self)
            let high = rows.flatMap(\.high)
            let terms = rows.map(\.terms)
            let result = high.withUnsafeBytes { bytes in
                Result { () throws(IndexError) in try vectors.append(high: bytes, terms: terms) }
            }
            try result.get()
            low += rows.map(\.low)
        }
        (self.vectors, self.low) = (vectors, low)
    }

    private static let piece = 8192

    /// The best rows for each query.
    package func search(_ queries: [[Float]], top: Int) -> [[Int]] {
        let scan = VectorScan(vectors: vectors, threads: threads)
        let coded = vectors.code.queries(queries)
        let wish = VectorScan.Wish(top: top)
        let lists = scan.shortlists(for: coded, queries.map { _ in wish })
        return lists.indices.map { query in
            scan.best(of: lists[query], for: query, of: coded, wish) { low[$0] }.map(\.row)
        }
    }

    /// The groups of the first rows that are alike: their number, and that of the rows in them.
    package func groups(of count: Int, minScore: Float) -> (count: Int, rows: Int) {
        let rows = Array(0..<min(count, vectors.count))
        var found = (count: 0, rows: 0)
        LikenessScan(vectors: vectors, rows: rows, minScore: minScore, threads: threads).groups(low: {
            low[$0]
        }) {
            found.count += 1
            found.rows += $0.count
            return true
        }
        return found
    }

    /// The best rows by comparison of all numbers in f32 with sums in double precision.
    package func compared(_ queries: [[Float]], top: Int) -> [[Int]] {
        let found = Parallel.map(threads) { part in
            let rows = vectors.count * part / threads..<vectors.count * (part + 1) / threads
            var best = queries.map { _ in [(score: Double, row: Int)]() }
            for row in rows {
                let vector = source(row)
                for (place, query) in queries.enumerated() {
                    var score = 0.0
                    for index in 0..<width { score += Double(query[index] * vector[index]) }
                    if best[place].count == top, let last = best[place].last, last.score >= score { continue }
                    let at = best[place].firstIndex { $0.score < score } ?? best[place].endIndex
                    best[place].insert((score, row), at: at)
                    if best[place].count > top { best[place].removeLast() }
                }
            }
            return best
        }
        return queries.indices.map { query in
            found.flatMap { $0[query] }.sorted { ($0.score, $1.row) > ($1.score, $0.row) }.prefix(top).map(
                \.row
            )
        }
    }

    /// Reads all high bytes, divided among threads as a search divides them, and does nothing with them but add them up.
    ///
    /// - Parameter ahead: by how many bytes memory is asked for what comes next.
    /// - Returns: what must not be left out by the compiler: the sum of their words of 64 bits.
    package func readAll(ahead: Int) -> UInt64 {
        Parallel.map(threads) { part in
            var sum: UInt64 = 0
            var row = vectors.count * part / threads
            let end = vectors.count * (part + 1) / threads
            while row < end {
                let next = min(end, (row / VectorBlock.capacity + 1) * VectorBlock.capacity)
                let bytes = (next - row) * vectors.code.rowBytes
                sum &+= cvectorscan_read(vectors.high(ofRow: row), Int64(bytes), Int64(ahead))
                row = next
            }
            return sum
        }.reduce(0, &+)
    }

    package var byteCount: Int { vectors.count * vectors.code.rowBytes }

    /// Sums of three even numbers, near enough to what embeddings look like after a rotation; the same for one number every time.
    private static func vector(_ number: Int, seed: UInt64, width: Int) -> [Float] {
        var state =
            seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: Int64(number)) &* 0xD1B5_4A32_D192_ED03
        var values = [Float](repeating: 0, count: width)
        var squares: Float = 0
        for index in 0..<width {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let bits = state ^ state >> 29
            let value =
                Float(Int16(truncatingIfNeeded: bits >> 16)) + Float(Int16(truncatingIfNeeded: bits >> 32))
                + Float(Int16(truncatingIfNeeded: bits >> 48))
            values[index] = value
            squares += value * value
        }
        let factor = 1 / squares.squareRoot()
        for index in 0..<width { values[index] *= factor }
        return values
    }
}
