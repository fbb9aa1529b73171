import CLIPIndex
import Synchronization
import Testing

@Suite("Exact search")
struct VectorScanTests {
    /// Rows with what a search reads of them later.
    private struct Rows {
        var set: VectorSet
        var low: [[Int8]] = []
        var vectors: [[Float]] = []

        init(width: Int) { set = VectorSet(code: VectorCode(width: width)) }

        mutating func append(_ vector: [Float]) throws {
            let row = set.code.row(for: vector)
            try row.high.withUnsafeBytes { bytes throws in try set.append(high: bytes, terms: [row.terms]) }
            low.append(row.low)
            vectors.append(vector)
        }

        func search(
            _ queries: [[Float]],
            _ wish: VectorScan.Wish,
            among: [Bool]? = nil,
            threads: Int = 2
        )
            -> [[VectorScan.Match]]
        {
            let scan = VectorScan(vectors: set, threads: threads)
            let coded = set.code.queries(queries)
            let wishes = queries.map { _ in wish }
            let lists = scan.shortlists(for: coded, wishes, among: among)
            return lists.indices.map { query in
                scan.best(of: lists[query], for: query, of: coded, wish) { low[$0] }
            }
        }
    }

    private static func rows(_ count: Int, width: Int, alike: Bool = false) throws -> Rows {
        var samples = VectorSamples(seed: 11)
        var rows = Rows(width: width)
        let middle = samples.vector(width: width, outliers: true)
        for _ in 0..<count {
            let vector = samples.vector(width: width)
            // As pictures of one place are: within a few hundredths of each other.
            try rows.append(alike ? zip(middle, vector).map { $0 * 3 + $1 * 0.4 } : vector)
        }
        return rows
    }

    @Test("The best are those of a comparison with every whole vector", arguments: [false, true])
    func exact(alike: Bool) throws {
        let rows = try Self.rows(20_000, width: 128, alike: alike)
        var samples = VectorSamples(seed: 13)
        let queries = (0..<9).map { _ in samples.vector(width: 128) }
        let found = rows.search(queries, VectorScan.Wish(top: 10))
        for (query, matches) in zip(queries, found) {
            let scores = rows.vectors.map { cosine($0, query) / cosine($0, $0).squareRoot() }
            let tenth = scores.sorted(by: >)[9]
            #expect(matches.count == 10)
            for match in matches {
                #expect(abs(Double(match.score) - scores[match.row]) < 2e-5)
                #expect(scores[match.row] > tenth - 2e-5)
            }
            #expect(matches.map(\.score) == matches.map(\.score).sorted(by: >))
        }
    }

    @Test("How many threads there are changes nothing")
    func threads() throws {
        let rows = try Self.rows(5_000, width: 64)
        var samples = VectorSamples(seed: 17)
        let queries = (0..<3).map { _ in samples.vector(width: 64) }
        let alone = rows.search(queries, VectorScan.Wish(top: 20), threads: 1)
        #expect(rows.search(queries, VectorScan.Wish(top: 20), threads: 4) == alone)
    }

    @Test("Only what reaches the least score is found, however much is wanted")
    func minScore() throws {
        let rows = try Self.rows(3_000, width: 64)
        let query = rows.vectors[77]
        let found = rows.search([query], VectorScan.Wish(top: .max, minScore: 0.2))[0]
        let expected = rows.vectors.indices.filter { cosine(rows.vectors[$0], query) >= 0.2 }
        #expect(Set(found.map(\.row)) == Set(expected))
        #expect(found.first?.row == 77)
        #expect(found.count > 5)
    }

    @Test("Rows that are not wanted, or are none's any more, are not found")
    func gone() throws {
        let rows = try Self.rows(2_000, width: 64)
        let query = rows.vectors[5]
        #expect(rows.search([query], VectorScan.Wish(top: 1))[0].first?.row == 5)
        let among = rows.vectors.indices.map { $0 != 5 }
        #expect(rows.search([query], VectorScan.Wish(top: 1), among: among)[0].first?.row != 5)
        let scan = VectorScan(vectors: rows.set, threads: 2)
        let (coded, wish) = (rows.set.code.queries([query]), VectorScan.Wish(top: 2_000))
        let list = scan.shortlists(for: coded, [wish])[0]
        let found = scan.best(of: list, for: 0, of: coded, wish) { $0 == 5 ? nil : rows.low[$0] }
        #expect(found.count == 1_999)
        #expect(found.allSatisfy { $0.row != 5 })
    }

    @Test("Rows go on in the next block, and an earlier copy keeps those that it had")
    func blocks() throws {
        var rows = try Self.rows(VectorBlock.capacity - 1, width: 64)
        let before = rows.set
        var samples = VectorSamples(seed: 19)
        for _ in 0..<3 { try rows.append(samples.vector(width: 64)) }
        #expect((before.count, before.blocks.count) == (VectorBlock.capacity - 1, 1))
        #expect((rows.set.count, rows.set.blocks.count) == (VectorBlock.capacity + 2, 2))
        for row in [0, VectorBlock.capacity - 1, VectorBlock.capacity + 1] {
            #expect(rows.search([rows.vectors[row]], VectorScan.Wish(top: 1))[0].first?.row == row)
        }
    }

    @Test("Many of the best come in their order, and cost hardly more comparisons each than few")
    func many() throws {
        let rows = try Self.rows(20_000, width: 64, alike: true)
        let found = rows.search([rows.vectors[3]], VectorScan.Wish(top: 15_000))[0]
        #expect(found.count == 15_000 && found == found.sorted(by: >))
        #expect(Set(found.map(\.row)).count == 15_000)
        let scores = rows.vectors.map { cosine($0, rows.vectors[3]) / cosine($0, $0).squareRoot() }
        let last = scores.sorted(by: >)[14_999] / scores[3]
        #expect(abs(Double(found[14_999].score) - last) < 2e-5)
        Counted.comparisons.store(0, ordering: .relaxed)
        var samples = VectorSamples(seed: 23)
        var best = Greatest<Counted>(50_000)
        let numbers = (0..<100_000).map { _ in samples.number() }
        for number in numbers { best.insert(Counted(value: number)) }
        // Twice the depth of the heap for each, where a list would take tens of thousands.
        #expect(Counted.comparisons.load(ordering: .relaxed) < 100_000 * 40)
        #expect(best.elements.map(\.value).sorted() == numbers.sorted().suffix(50_000))
        #expect(best.threshold?.value == numbers.sorted()[50_000])
    }

    private struct Counted: Comparable {
        static let comparisons = Atomic(0)
        let value: Float

        static func < (one: Counted, other: Counted) -> Bool {
            comparisons.add(1, ordering: .relaxed)
            return one.value < other.value
        }
    }

    @Test("As many as there are come of none, one and several that are wanted", arguments: [0, 1, 2, 7])
    func greatest(most: Int) {
        var best = Greatest<Int>(most)
        for number in [5, 1, 4, 1, 3] { best.insert(number) }
        #expect(best.elements.sorted(by: >) == Array([5, 4, 3, 1, 1].prefix(most)))
        #expect(best.threshold == (most == 1 ? 5 : most == 2 ? 4 : nil))
    }

    @Test("An empty index finds nothing")
    func empty() {
        let rows = Rows(width: 64)
        #expect(rows.search([[Float](repeating: 1, count: 64)], VectorScan.Wish(top: 5)) == [[]])
    }
}
