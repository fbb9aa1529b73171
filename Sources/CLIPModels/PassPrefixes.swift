import CLIPKernels

/// What a pass reads and fills of prefixes: keys and values by block.
struct PassPrefixes: Sendable {
    /// The prefixes whose rows come before those that the pass computes.
    let cached: [CaptionPrefix]
    /// The prefixes that the pass fills, each with a row of keys and values for every token.
    let wanted: [(prefix: CaptionPrefix, rows: [Int])]

    static let none = PassPrefixes(cached: [], wanted: [])

    var isEmpty: Bool { cached.isEmpty && wanted.isEmpty }

    /// Copies the cached keys and values of a block to the first rows of `key` and `value`, which have some `columns`
    /// of them.
    func read(block: Int, columns: Range<Int>, into key: Matrix, _ value: Matrix) {
        var first = 0
        for prefix in cached {
            let stored = prefix.blocks[block].matrix
            let rows = first..<first + stored.rows
            let (keys, values) = Self.halves(of: stored, columns)
            keys.copy(into: key.rows(rows))
            values.copy(into: value.rows(rows))
            first = rows.upperBound
        }
    }

    /// Copies keys and values of a block from their rows to the prefixes that the pass fills.
    func fill(block: Int, columns: Range<Int>, from key: Matrix, _ value: Matrix) {
        for (prefix, rows) in wanted {
            let (keys, values) = Self.halves(of: prefix.blocks[block].matrix, columns)
            keys.gather(rows, from: key)
            values.gather(rows, from: value)
        }
    }

    private static func halves(of stored: Matrix, _ columns: Range<Int>) -> (Matrix, Matrix) {
        let width = stored.width / 2
        return (
            stored.columns(0..<width).columns(columns), stored.columns(width..<2 * width).columns(columns)
        )
    }
}
