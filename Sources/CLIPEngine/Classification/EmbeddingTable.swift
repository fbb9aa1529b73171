/// Embeddings of one model, each brought to length one, as the rows of one array.
package struct EmbeddingTable: Sendable {
    /// The number of rows.
    package private(set) var count = 0
    /// The number of values in a row.
    package private(set) var width = 0
    private var values: [Float] = []  // (count, width)

    package init() {}

    /// The bytes of all rows.
    var byteCount: Int { values.count * MemoryLayout<Float>.size }

    /// Reserves memory for rows that will be added.
    mutating func reserve(_ rows: Int, width: Int) {
        values.reserveCapacity(rows * width)
    }

    /// Adds an embedding, brought to length one, as a row.
    package mutating func append(_ embedding: Embedding) {
        precondition(count == 0 || embedding.values.count == width, "All rows come from one model.")
        width = embedding.values.count
        values += embedding.normalized.values
        count += 1
    }

    /// The cosine between a row of this table and a row of another.
    package func cosine(_ row: Int, _ other: EmbeddingTable, _ otherRow: Int) -> Float {
        values.withUnsafeBufferPointer { mine in
            other.values.withUnsafeBufferPointer { theirs in
                Self.dot(mine[rows: row, width], theirs[rows: otherRow, width])
            }
        }
    }

    /// The cosines between each row of this table and one row of another, with the same digits as ``cosine(_:_:_:)``.
    package func cosines(to other: EmbeddingTable, _ otherRow: Int) -> [Float] {
        values.withUnsafeBufferPointer { mine in
            other.values.withUnsafeBufferPointer { theirs in
                (0..<count).map { Self.dot(mine[rows: $0, width], theirs[rows: otherRow, width]) }
            }
        }
    }

    /// The cosines between each row of this table and each row of another, (other rows, rows), with the same digits as
    /// ``cosine(_:_:_:)``.
    ///
    /// The rows of this table are read only once, because ten thousand of them do not fit into a processor's caches.
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

    /// Sixteen sums run side by side: the compiler may not reorder the additions of a single one, and each would wait
    /// for the last.
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
