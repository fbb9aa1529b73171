import CLIPIndex
import CVectorScan
import Testing

@Suite("Vectors as an index stores them")
struct VectorCodeTests {
    @Test("A rotation changes no inner product", arguments: [64, 256, 512, 640, 768, 1024, 1152, 100])
    func rotation(width: Int) {
        var samples = VectorSamples(seed: UInt64(width))
        let rotation = VectorRotation(width: width)
        for _ in 0..<10 {
            var (one, other) = (samples.vector(width: width), samples.vector(width: width))
            let before = cosine(one, other)
            rotation.rotate(&one)
            rotation.rotate(&other)
            #expect(abs(cosine(one, other) - before) < 1e-6)
        }
    }

    @Test("What was rotated and stored can be turned back", arguments: [512, 640, 100])
    func undo(width: Int) {
        var samples = VectorSamples(seed: 23)
        let vector = samples.vector(width: width, outliers: true)
        let code = VectorCode(width: width)
        let row = code.row(for: vector)
        let back = row.high.withUnsafeBufferPointer { high in
            high.baseAddress.map { code.embedding(high: $0, low: row.low, scale: row.terms.scale) } ?? []
        }
        for (one, other) in zip(vector, back) { #expect(abs(one - other) < 2e-5) }
        #expect(back.count == width)
    }

    @Test("A rotation spreads numbers that are far larger than the others", arguments: [512, 768])
    func outliers(width: Int) throws {
        var samples = VectorSamples(seed: 3)
        var vector = samples.vector(width: width, outliers: true)
        let before = try #require(vector.map(abs).max())
        VectorRotation(width: width).rotate(&vector)
        #expect(try #require(vector.map(abs).max()) < before / 4)
    }

    @Test(
        "Stored vectors are as exact as 16 bits allow, and their high bytes as they say",
        arguments: [512, 100]
    )
    func rows(width: Int) {
        var samples = VectorSamples(seed: 5)
        let code = VectorCode(width: width)
        let rotation = VectorRotation(width: width)
        for number in 0..<20 {
            var vector = samples.vector(width: width, outliers: number % 2 == 1)
            let row = code.row(for: vector.map { $0 * 7 })
            rotation.rotate(&vector)
            var (whole, rough) = (0.0, 0.0)
            for index in 0..<width {
                let high = Double(row.terms.scale) * (Double(row.high[index]) - 128)
                let both = high + Double(row.terms.scale) * Double(row.low[index]) / 254
                whole += (Double(vector[index]) - both) * (Double(vector[index]) - both)
                rough += (both - high) * (both - high)
            }
            #expect(whole.squareRoot() < 6e-5)
            #expect(rough.squareRoot() <= Double(row.terms.error))
            #expect(rough.squareRoot() > Double(row.terms.error) * 0.99)
            #expect(row.terms.error < 0.012)
        }
    }

    @Test("Nothing but zeros is a row that nothing fits")
    func zeros() {
        let row = VectorCode(width: 64).row(for: [Float](repeating: 0, count: 64))
        #expect(row.terms == VectorCode.Terms(scale: 0, error: 0))
    }

    @Test("All kernels give the same sums as plain multiplication", arguments: [64, 512, 1152, 2048])
    func kernels(width: Int) {
        var samples = VectorSamples(seed: 7)
        let limit = cvectorscan_limit(Int64(width))
        for (count, queryCount) in [(1, 1), (7, 3), (12, 2), (5, 32)] {
            // The greatest that there can be, too: nothing may overflow.
            let rows = (0..<count * width).map { index -> UInt8 in
                index < width ? 255 : UInt8(Int(samples.number() * 127) + 128)
            }
            let queries = (0..<queryCount * width).map { index -> Int16 in
                index < width ? Int16(limit) : Int16(samples.number() * Float(limit))
            }
            var planes = [Int8](repeating: 0, count: 2 * queries.count)
            for (index, value) in queries.enumerated() {
                let place = index / width * 2 * width + index % width
                var (high, low): (Int8, Int8) = (0, 0)
                cvectorscan_split(value, &high, &low)
                (planes[place], planes[place + width]) = (high, low)
            }
            let offsets = (0..<queryCount).map { query in
                queries[query * width..<(query + 1) * width].reduce(Int32(0)) { $0 + 128 * Int32($1) }
            }
            var expected: [Int32] = []
            for query in 0..<queryCount {
                for row in 0..<count {
                    expected.append(
                        (0..<width).reduce(Int32(0)) {
                            $0 + (Int32(rows[row * width + $1]) - 128) * Int32(queries[query * width + $1])
                        }
                    )
                }
            }
            for kernel in [cvectorscan_plain, cvectorscan_words, cvectorscan_bytes]
            where cvectorscan_has(kernel) {
                var sums = [Int32](repeating: .min, count: count * queryCount)
                sums.withUnsafeMutableBufferPointer { sums in
                    var task = cvectorscan_task(
                        rows: rows.withUnsafeBufferPointer(\.baseAddress),
                        count: Int64(count),
                        width: Int64(width),
                        queries: queries.withUnsafeBufferPointer(\.baseAddress),
                        planes: planes.withUnsafeBufferPointer(\.baseAddress),
                        offsets: offsets.withUnsafeBufferPointer(\.baseAddress),
                        query_count: Int64(queryCount),
                        sums: sums.baseAddress
                    )
                    withExtendedLifetime((rows, queries, planes, offsets)) {
                        cvectorscan_by(kernel, &task)
                    }
                }
                #expect(sums == expected, "kernel \(kernel.rawValue), \(count) rows, \(queryCount) queries")
            }
        }
    }

    @Test(
        "What a scan is measured against reads every byte once",
        arguments: [0, 64, 192, 2048, 4160, 65_536]
    )
    func reading(count: Int) {
        var samples = VectorSamples(seed: 29)
        let bytes = (0..<count).map { _ in UInt8(Int(samples.number() * 127) + 128) }
        let words = stride(from: 0, to: count, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
        for ahead in [0, 4096] {
            let sum = cvectorscan_read(bytes, Int64(count), Int64(ahead))
            #expect(sum == words.reduce(0, &+), "\(count) bytes")
        }
    }
}
