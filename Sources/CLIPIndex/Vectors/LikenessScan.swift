internal import CVectorScan

/// Compares rows of a set with each other, every one with every one, and groups those that are alike.
///
/// Two rows belong together if their cosine reaches the least score, or if there are others between them that do. The high bytes decide
/// almost all pairs: their product is off by no more than a known error. For those that they leave in doubt the low bytes are read, so
/// the groups are those of the whole vectors.
package struct LikenessScan: Sendable {
    private let vectors: VectorSet
    private let rows: [Int]
    private let minScore: Float
    private let threads: Int
    /// The size of a step of each row, and by how much its high bytes can put a score off.
    private let scales, doubts: [Float]

    /// - Parameters:
    ///   - rows: which are compared, by their numbers; nil for all.
    ///   - minScore: the least cosine of two that are alike.
    package init(vectors: VectorSet, rows: [Int]? = nil, minScore: Float, threads: Int) {
        let rows = rows ?? Array(0..<vectors.count)
        (self.vectors, self.rows, self.minScore, self.threads) = (vectors, rows, minScore, max(1, threads))
        scales = rows.map { vectors.terms[$0].scale }
        // |<x, y> - <x', y'>| is at most |x - x'| |y| + |x'| |y - y'|, and |x'| at most |x| + |x - x'|. Whole vectors are of length one
        // but for what their last bits round.
        let greatest = rows.reduce(0) { max($0, vectors.terms[$1].error) }
        doubts = rows.map { (Self.longest + greatest) * vectors.terms[$0].error }
    }

    private static let longest: Float = 1.001
    /// For what floats round in a score.
    private static let rounding: Float = 1e-6
    /// Rows that are compared with all that follow, before their groups are told.
    private static let tile = 512
    /// Of these so many at once, whose sums stay in a cache.
    private static let others = 64
    /// Panels that a thread multiplies them with.
    private static let panels = 21
    private static let stretch = panels * Int(cvectorscan_panel)

    /// Two places in the list of rows that may be alike.
    private struct Pair {
        let one, other: Int32
        /// By the high bytes.
        let score: Float
    }

    /// Tells the groups of several rows, each as soon as no later row can belong to it: in the order of their last rows.
    ///
    /// Not to be called by a task: it holds its thread.
    ///
    /// - Parameters:
    ///   - low: reads the low bytes of a row; nil where it is none's any more.
    ///   - tell: gets the rows of a group, ascending, and returns whether to go on.
    package func groups<Failure: Error>(
        low: (_ row: Int) throws(Failure) -> [Int8]?,
        _ tell: ([Int]) throws(Failure) -> Bool
    ) throws(Failure) {
        var sets = DisjointSets(count: rows.count)
        for first in stride(from: 0, to: rows.count, by: Self.tile) {
            let tile = first..<min(first + Self.tile, rows.count)
            let centered = centered(tile)
            // Its pairs are joined before the next ones are looked for, so that they never take much memory.
            let atOnce = 2 * threads * Self.stretch
            for start in stride(from: first, to: rows.count, by: atOnce) {
                let count = (min(start + atOnce, rows.count) - start + Self.stretch - 1) / Self.stretch
                let found = Parallel.map(count) { part in
                    let begin = start + part * Self.stretch
                    return pairs(of: tile, centered, with: begin..<min(begin + Self.stretch, rows.count))
                }
                for pairs in found { try join(pairs, in: &sets, low) }
            }
            for place in tile {
                guard let members = sets.members(ofGroupEndingAt: place) else { continue }
                guard try tell(members.map { rows[$0] }) else { return }
            }
        }
    }

    /// The cosine of two rows by their whole vectors; nil where one is none's any more.
    package func score<Failure: Error>(
        of row: Int,
        with other: Int,
        low: (_ row: Int) throws(Failure) -> [Int8]?
    ) throws(Failure) -> Float? {
        guard let vector = try vector(of: other, low: low), let own = try low(row) else { return nil }
        return score(of: row, own, with: vector)
    }

    // MARK: Pairs by their high bytes

    private struct Centered: Sendable {
        var values: [Int8]
        var offsets: [Int32]
    }

    private func centered(_ places: Range<Int>) -> Centered {
        let width = vectors.code.rowBytes
        var result = Centered(
            values: [Int8](repeating: 0, count: places.count * width),
            offsets: [Int32](repeating: 0, count: places.count)
        )
        let starts = places.map { UnsafePointer?.some(vectors.high(ofRow: rows[$0])) }
        cvectorscan_center(starts, Int64(places.count), Int64(width), &result.values, &result.offsets)
        return result
    }

    private func pairs(of tile: Range<Int>, _ centered: Centered, with places: Range<Int>) -> [Pair] {
        let (width, panel) = (vectors.code.rowBytes, Int(cvectorscan_panel))
        let panelCount = (places.count + panel - 1) / panel
        var packed = [UInt8](repeating: 0, count: panelCount * panel * width)
        packed.withUnsafeMutableBufferPointer { packed in
            for number in 0..<panelCount {
                let part = places.dropFirst(number * panel).prefix(panel)
                let starts = part.map { UnsafePointer?.some(vectors.high(ofRow: rows[$0])) }
                let place = packed.baseAddress?.advanced(by: number * panel * width)
                cvectorscan_pack(starts, Int64(starts.count), Int64(width), place)
            }
        }
        var pairs: [Pair] = []
        var sums = [Int32](repeating: 0, count: Self.others * panelCount * panel)
        var reached = [Int32](repeating: 0, count: places.count)
        for first in stride(from: 0, to: tile.count, by: Self.others) {
            let count = min(Self.others, tile.count - first)
            multiply(centered, first, count, with: packed, panelCount, into: &sums)
            for number in 0..<count {
                let one = tile.lowerBound + first + number
                // Each pair once: those before it were compared when it was their turn.
                let skipped = max(0, one + 1 - places.lowerBound)
                guard skipped < places.count else { continue }
                let start = number * panelCount * panel + skipped
                let found = reaching(sums, start, places.dropFirst(skipped), from: one, into: &reached)
                for place in reached[..<found] {
                    let other = places.lowerBound + skipped + Int(place)
                    let score = scales[one] * scales[other] * Float(sums[start + Int(place)])
                    pairs.append(Pair(one: Int32(one), other: Int32(other), score: score))
                }
            }
        }
        return pairs
    }

    private func multiply(
        _ centered: Centered,
        _ first: Int,
        _ count: Int,
        with packed: [UInt8],
        _ panelCount: Int,
        into sums: inout [Int32]
    ) {
        let width = vectors.code.rowBytes
        centered.values.withUnsafeBufferPointer { values in
            centered.offsets.withUnsafeBufferPointer { offsets in
                packed.withUnsafeBufferPointer { packed in
                    sums.withUnsafeMutableBufferPointer { sums in
                        var task = cvectorscan_pairs_task(
                            panels: packed.baseAddress,
                            panel_count: Int64(panelCount),
                            width: Int64(width),
                            others: values.baseAddress?.advanced(by: first * width),
                            offsets: offsets.baseAddress?.advanced(by: first),
                            other_count: Int64(count),
                            sums: sums.baseAddress
                        )
                        cvectorscan_pairs(&task)
                    }
                }
            }
        }
    }

    /// How many of the places may be alike with one, and which.
    private func reaching(
        _ sums: [Int32],
        _ start: Int,
        _ places: Range<Int>,
        from one: Int,
        into reached: inout [Int32]
    ) -> Int {
        let least = minScore - doubts[one] - Self.rounding
        return sums.withUnsafeBufferPointer { sums in
            scales.withUnsafeBufferPointer { scales in
                doubts.withUnsafeBufferPointer { doubts in
                    Int(
                        cvectorscan_reaching(
                            sums.baseAddress?.advanced(by: start),
                            Int64(places.count),
                            scales.baseAddress?.advanced(by: places.lowerBound),
                            doubts.baseAddress?.advanced(by: places.lowerBound),
                            1,
                            scales[one],
                            least,
                            &reached
                        )
                    )
                }
            }
        }
    }

    // MARK: What is in doubt

    private func join<Failure: Error>(
        _ pairs: [Pair],
        in sets: inout DisjointSets,
        _ low: (_ row: Int) throws(Failure) -> [Int8]?
    ) throws(Failure) {
        var last: (place: Int, vector: [Float]?)?
        for pair in pairs {
            let (one, other) = (Int(pair.one), Int(pair.other))
            guard sets.group(of: one) != sets.group(of: other) else { continue }
            if pair.score - doubts[one] - doubts[other] - Self.rounding < minScore {
                if last?.place != one { last = (one, try vector(of: rows[one], low: low)) }
                guard let vector = last?.vector, let own = try low(rows[other]),
                    score(of: rows[other], own, with: vector) >= minScore
                else { continue }
            }
            sets.join(one, other)
        }
    }

    /// A whole vector, rotated.
    private func vector<Failure: Error>(
        of row: Int,
        low: (_ row: Int) throws(Failure) -> [Int8]?
    ) throws(Failure) -> [Float]? {
        guard let low = try low(row) else { return nil }
        let (high, scale) = (vectors.high(ofRow: row), vectors.terms[row].scale)
        return low.indices.map { scale * (Float(high[$0]) - 128 + Float(low[$0]) / 254) }
    }

    private func score(of row: Int, _ low: [Int8], with vector: [Float]) -> Float {
        let product = cvectorscan_product(
            vectors.high(ofRow: row),
            low,
            vector,
            Int64(vectors.code.rowBytes)
        )
        return vectors.terms[row].scale * product
    }
}
