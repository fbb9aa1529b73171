internal import CVectorScan

/// How vectors of one width are stored and compared.
package struct VectorCode: Sendable {
    /// Numbers of an embedding.
    package let width: Int
    /// Bytes of a row: the width, rounded up to what the scan reads at once.
    package let rowBytes: Int
    private let rotation: VectorRotation
    /// The greatest number of a query.
    private let limit: Float

    /// - Parameter width: numbers of an embedding.
    package init(width: Int) {
        self.width = width
        let step = Int(cvectorscan_step)
        rowBytes = (width + step - 1) / step * step
        rotation = VectorRotation(width: width)
        limit = Float(cvectorscan_limit(Int64(rowBytes)))
    }

    /// A vector of length one as it is stored: `scale * (high - 128 + low / 254)`, 16 bits a number.
    ///
    /// Every search reads the high bytes of all vectors, and the low ones of those few that they leave in doubt. Together they are
    /// four times as exact as 16-bit floats, and as large.
    package struct Row: Equatable, Sendable {
        /// Numbers from -127 to 127, plus 128.
        package var high: [UInt8]
        /// What they leave, in steps of 1/254 of one of theirs.
        package var low: [Int8]
        package var terms: Terms
    }

    /// What a row's high bytes have beside them.
    package struct Terms: Equatable, Sendable {
        /// The size of a step.
        package var scale: Float
        /// How far the high bytes alone are from the vector, at most.
        package var error: Float

        package init(scale: Float, error: Float) {
            (self.scale, self.error) = (scale, error)
        }
    }

    /// - Parameter embedding: of any length but zero.
    package func row(for embedding: [Float]) -> Row {
        let vector = direction(of: embedding)
        let greatest = vector.reduce(0) { max($0, abs($1)) }
        let scale = greatest / 127
        var row = Row(
            high: [UInt8](repeating: 128, count: rowBytes),
            low: [Int8](repeating: 0, count: rowBytes),
            terms: Terms(scale: 0, error: 0)
        )
        guard scale > 0 else { return row }
        var squares = 0.0
        for (index, value) in vector.enumerated() {
            let steps = value / scale
            let high = min(127, max(-127, steps.rounded()))
            let low = min(127, max(-127, ((steps - high) * 254).rounded()))
            row.high[index] = UInt8(Int(high) + 128)
            row.low[index] = Int8(low)
            // Against what is stored: that is what a search compares with.
            squares += Double(low / 254) * Double(low / 254)
        }
        // A little more than it is, for what the sums round.
        row.terms = Terms(scale: scale, error: scale * Float(squares.squareRoot()) * 1.0001)
        return row
    }

    /// The vector that a row stands for, as the embedding was, of length one.
    ///
    /// - Parameter high: the bytes of the row.
    package func embedding(high: UnsafePointer<UInt8>, low: [Int8], scale: Float) -> [Float] {
        var vector = (0..<width).map { scale * (Float(high[$0]) - 128 + Float(low[$0]) / 254) }
        rotation.undo(&vector)
        return vector
    }

    /// A query, or several that are compared with every row in one pass.
    package struct Queries: Sendable {
        package let count: Int
        /// Rotated and of length one, padded to the bytes of a row.
        package let vectors: [Float]
        /// The same in steps of 14 bits.
        package let words: [Int16]
        /// High and low parts of the words.
        package let planes: [Int8]
        package let offsets: [Int32]
        /// The sizes of their steps.
        package let scales: [Float]
        /// How far the words are from the vectors, at most.
        package let errors: [Float]
    }

    /// - Parameter embeddings: each of any length but zero.
    package func queries(_ embeddings: [[Float]]) -> Queries {
        var (vectors, words, planes) = ([Float](), [Int16](), [Int8]())
        var (offsets, scales, errors) = ([Int32](), [Float](), [Float]())
        for embedding in embeddings {
            let vector = direction(of: embedding) + [Float](repeating: 0, count: rowBytes - width)
            let greatest = vector.reduce(0) { max($0, abs($1)) }
            let scale = max(greatest, .leastNormalMagnitude) / limit
            let steps = vector.map { Int16(($0 / scale).rounded()) }
            var (high, low) = ([Int8](repeating: 0, count: rowBytes), [Int8](repeating: 0, count: rowBytes))
            for (index, value) in steps.enumerated() { cvectorscan_split(value, &high[index], &low[index]) }
            let squares = zip(vector, steps).reduce(0.0) { sum, pair in
                let rest = Double(pair.0) - Double(scale) * Double(pair.1)
                return sum + rest * rest
            }
            vectors += vector
            words += steps
            planes += high
            planes += low
            offsets.append(steps.reduce(0) { $0 + 128 * Int32($1) })
            scales.append(scale)
            errors.append(Float(squares.squareRoot()) * 1.0001)
        }
        return Queries(
            count: embeddings.count,
            vectors: vectors,
            words: words,
            planes: planes,
            offsets: offsets,
            scales: scales,
            errors: errors
        )
    }

    /// Of length one, and rotated.
    private func direction(of embedding: [Float]) -> [Float] {
        precondition(embedding.count == width, "An index holds embeddings of one width.")
        let length = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0, length.isFinite else { return [Float](repeating: 0, count: width) }
        var vector = embedding.map { Float(Double($0) / length) }
        rotation.rotate(&vector)
        return vector
    }
}
