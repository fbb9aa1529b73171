import CLIPIndex
import CVectorScan
import Testing

@Suite("Comparing all vectors with each other")
struct LikenessScanTests {
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

        func groups(_ minScore: Float, rows: [Int]? = nil, threads: Int = 2) -> [[Int]] {
            var found: [[Int]] = []
            LikenessScan(vectors: set, rows: rows, minScore: minScore, threads: threads).groups(low: {
                low[$0]
            }) {
                found.append($0)
                return true
            }
            return found
        }

        /// The cosines of all with all, in double precision.
        var cosines: [[Double]] { vectors.map { one in vectors.map { cosine(one, $0) } } }

        /// The same by a walk from each to all that are alike.
        func compared(_ minScore: Float, _ cosines: [[Double]], rows: [Int]) -> Set<[Int]> {
            var (left, groups) = (Set(rows), Set<[Int]>())
            for first in rows where left.contains(first) {
                var (group, edge) = ([first], [first])
                left.remove(first)
                while let row = edge.popLast() {
                    let near = left.filter { cosines[row][$0] >= Double(minScore) }
                    left.subtract(near)
                    group += near
                    edge += near
                }
                if group.count > 1 { groups.insert(group.sorted()) }
            }
            return groups
        }

        /// A score near another to which no cosine is as near as what is stored may be off.
        func limit(near score: Float, _ cosines: [[Double]]) -> Float {
            var limit = score
            while cosines.contains(where: { $0.contains { abs($0 - Double(limit)) < 2e-5 } }) {
                limit += 5e-5
            }
            return limit
        }
    }

    /// Vectors around a few middles, some of them near enough to each other.
    private static func rows(_ count: Int, width: Int) throws -> Rows {
        var samples = VectorSamples(seed: 23)
        var rows = Rows(width: width)
        let middles = (0..<count / 4).map { _ in samples.vector(width: width, outliers: false) }
        for number in 0..<count {
            let noise = samples.vector(width: width)
            let middle = middles[number * 7919 % middles.count]
            let share = 0.2 + 0.8 * abs(samples.number())
            let sum = zip(middle, noise).map { $0 + share * $1 }
            let length = Float(cosine(sum, sum).squareRoot())
            try rows.append(sum.map { $0 / length })
        }
        return rows
    }

    @Test("The groups are those of a comparison of all whole vectors", arguments: [(1100, 64), (600, 200)])
    func exact(_ count: Int, _ width: Int) throws {
        let rows = try Self.rows(count, width: width)
        let cosines = rows.cosines
        for score: Float in [0.7, 0.8, 0.9] {
            let limit = rows.limit(near: score, cosines)
            let found = rows.groups(limit)
            let expected = rows.compared(limit, cosines, rows: Array(0..<count))
            #expect(!expected.isEmpty)
            // Not by ==, whose words would be pages.
            #expect(Set(found).symmetricDifference(expected).isEmpty)
            #expect(found.compactMap(\.last) == found.compactMap(\.last).sorted())
            let isSame = rows.groups(limit, threads: 5) == found
            #expect(isSame)
        }
    }

    @Test("Rows that are not asked for join nothing")
    func some() throws {
        let rows = try Self.rows(900, width: 64)
        let asked = (0..<900).filter { $0 % 3 != 0 }
        let cosines = rows.cosines
        let limit = rows.limit(near: 0.75, cosines)
        let found = rows.groups(limit, rows: asked)
        #expect(Set(found).symmetricDifference(rows.compared(limit, cosines, rows: asked)).isEmpty)
        #expect(!found.isEmpty)
    }

    @Test("Thousands of equal vectors are one group, and a caller that has enough is told no more")
    func equal() throws {
        var samples = VectorSamples(seed: 29)
        let vector = samples.vector(width: 64)
        var rows = Rows(width: 64)
        for number in 0..<3000 { try rows.append(number % 2 == 0 ? vector : samples.vector(width: 64)) }
        #expect(rows.groups(0.999) == [(0..<1500).map { 2 * $0 }])
        #expect(rows.groups(-1) == [Array(0..<3000)])
        var calls = 0
        LikenessScan(vectors: rows.set, rows: [0, 2, 1, 3], minScore: 0.999, threads: 1).groups(
            low: { rows.low[$0] }
        ) { _ in
            calls += 1
            return false
        }
        #expect(calls == 1)
        #expect(Rows(width: 64).groups(0.5).isEmpty)
    }

    @Test("Every kernel gives the same sums of pairs, whatever the shape")
    func kernels() {
        var samples = VectorSamples(seed: 31)
        let panel = Int(cvectorscan_panel)
        for (count, width, others) in [(1, 64, 1), (48, 512, 9), (100, 192, 23), (97, 64, 8)] {
            func bytes(_ count: Int) -> [UInt8] {
                (0..<count * width).map { _ in UInt8(abs(samples.number()) * 255) }
            }
            let (rows, other) = (bytes(count), bytes(others))
            let panels = (count + panel - 1) / panel
            var packed = [UInt8](repeating: 0, count: panels * panel * width)
            var (values, offsets) = (
                [Int8](repeating: 0, count: others * width), [Int32](repeating: 0, count: others)
            )
            rows.withUnsafeBufferPointer { rows in
                for number in 0..<panels {
                    let starts = (number * panel..<min(count, (number + 1) * panel)).map {
                        rows.baseAddress?.advanced(by: $0 * width)
                    }
                    packed.withUnsafeMutableBufferPointer {
                        let place = $0.baseAddress?.advanced(by: number * panel * width)
                        cvectorscan_pack(starts, Int64(starts.count), Int64(width), place)
                    }
                }
            }
            other.withUnsafeBufferPointer { other in
                let starts = (0..<others).map { other.baseAddress?.advanced(by: $0 * width) }
                cvectorscan_center(starts, Int64(others), Int64(width), &values, &offsets)
            }
            for kernel in [cvectorscan_plain, cvectorscan_words, cvectorscan_bytes]
            where cvectorscan_has(kernel) {
                var sums = [Int32](repeating: 0, count: others * panels * panel)
                packed.withUnsafeBufferPointer { packed in
                    values.withUnsafeBufferPointer { values in
                        offsets.withUnsafeBufferPointer { offsets in
                            sums.withUnsafeMutableBufferPointer { sums in
                                var task = cvectorscan_pairs_task(
                                    panels: packed.baseAddress,
                                    panel_count: Int64(panels),
                                    width: Int64(width),
                                    others: values.baseAddress,
                                    offsets: offsets.baseAddress,
                                    other_count: Int64(others),
                                    sums: sums.baseAddress
                                )
                                cvectorscan_pairs_by(kernel, &task)
                            }
                        }
                    }
                }
                for one in 0..<others {
                    for row in 0..<count {
                        let expected = (0..<width).reduce(Int32(0)) {
                            $0 + (Int32(rows[row * width + $1]) - 128)
                                * (Int32(other[one * width + $1]) - 128)
                        }
                        #expect(sums[one * panels * panel + row] == expected)
                    }
                }
            }
        }
    }

    @Test("The places that reach a limit are those of a plain comparison")
    func reaching() {
        var samples = VectorSamples(seed: 37)
        for count in [1, 63, 64, 65, 1000] {
            let sums = (0..<count).map { _ in Int32(samples.number() * 1e6) }
            let scales = sums.map { _ in abs(samples.number()) }
            let doubts = sums.map { _ in abs(samples.number()) / 100 }
            for least: Float in [-1, 0.2, 0.9, 2] {
                var places = [Int32](repeating: 0, count: count)
                let found = Int(
                    cvectorscan_reaching(sums, Int64(count), scales, doubts, 1, 1e-6, least, &places)
                )
                let expected = sums.indices.filter {
                    scales[$0] * 1e-6 * Float(sums[$0]) + doubts[$0] >= least
                }
                #expect(places[..<found].map { Int($0) } == expected)
                // The same where what belongs to one lies together.
                let pairs = zip(scales, doubts).flatMap { [$0, $1] }
                let same = pairs.withUnsafeBufferPointer { pairs in
                    let doubts = pairs.baseAddress.map { $0 + 1 }
                    return Int(
                        cvectorscan_reaching(
                            sums,
                            Int64(count),
                            pairs.baseAddress,
                            doubts,
                            2,
                            1e-6,
                            least,
                            &places
                        )
                    )
                }
                #expect(places[..<same].map { Int($0) } == expected)
            }
        }
    }
}
