/// Embeddings of one model at length one, a row each, in one piece of memory.
package struct EmbeddingTable: Sendable {
    /// Rows.
    package private(set) var count = 0
    /// Numbers of a row.
    package private(set) var width = 0
    private var values: [Float] = []  // (count, width)

    package init() {}

    /// The bytes of all rows.
    var byteCount: Int { values.count * MemoryLayout<Float>.size }

    /// Makes room for rows to come.
    mutating func reserve(_ rows: Int, width: Int) {
        values.reserveCapacity(rows * width)
    }

    /// Adds a row: the embedding's direction.
    package mutating func append(_ embedding: Embedding) {
        precondition(count == 0 || embedding.values.count == width, "All rows come from one model.")
        width = embedding.values.count
        values += embedding.normalized.values
        count += 1
    }

    /// The cosine between one row here and one of another table.
    package func cosine(_ row: Int, _ other: EmbeddingTable, _ otherRow: Int) -> Float {
        values.withUnsafeBufferPointer { mine in
            other.values.withUnsafeBufferPointer { theirs in
                Self.dot(mine[rows: row, width], theirs[rows: otherRow, width])
            }
        }
    }

    /// The cosines between each row here and one of another table, the very numbers that ``cosine(_:_:_:)`` gives.
    package func cosines(to other: EmbeddingTable, _ otherRow: Int) -> [Float] {
        values.withUnsafeBufferPointer { mine in
            other.values.withUnsafeBufferPointer { theirs in
                (0..<count).map { Self.dot(mine[rows: $0, width], theirs[rows: otherRow, width]) }
            }
        }
    }

    /// The cosines between each row here and each of another table, (other rows, rows), the very numbers that
    /// ``cosine(_:_:_:)`` gives.
    ///
    /// Rows here are read once for all of the others: ten thousand are more than a processor keeps at hand.
    func cosines(to other: EmbeddingTable) -> [Float] {
        values.withUnsafeBufferPointer { mine in
            other.values.withUnsafeBufferPointer { theirs in
                [Float](unsafeUninitializedCapacity: other.count * count) { cosines, initialized in
                    for row in 0..<count {
                        for otherRow in 0..<other.count {
                            cosines.initializeElement(
                                at: otherRow * count + row,
                                to: Self.dot(mine[rows: row, width], theirs[rows: otherRow, width])
                            )
                        }
                    }
                    initialized = other.count * count
                }
            }
        }
    }

    /// Sixteen sums side by side: the compiler may not reorder a single one, and each has to wait for itself.
    private static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
        let (a, b) = (UnsafeRawBufferPointer(a), UnsafeRawBufferPointer(b))
        let stride = MemoryLayout<SIMD16<Float>>.size
        var sums = SIMD16<Float>.zero
        var offset = 0
        while offset + stride <= a.count {
            sums +=
                a.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                * b.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
            offset += stride
        }
        var sum = sums.sum()
        while offset < a.count {
            sum +=
                a.load(fromByteOffset: offset, as: Float.self)
                * b.load(fromByteOffset: offset, as: Float.self)
            offset += MemoryLayout<Float>.size
        }
        return sum
    }
}

extension UnsafeBufferPointer<Float> {
    fileprivate subscript(rows row: Int, width: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: self[row * width..<(row + 1) * width])
    }
}
