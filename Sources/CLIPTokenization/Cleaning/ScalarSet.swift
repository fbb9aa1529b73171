/// A set of Unicode scalars, stored as ranges.
package struct ScalarSet: Sendable {
    /// The boundaries between outside and inside, in order: a scalar is in the set if an odd number of them are at or
    /// below it.
    private let boundaries: [UInt32]

    /// Reads a table of (gap, length) pairs.
    init(packed table: String) {
        var end: UInt32 = 0
        boundaries = PackedNumbers.read(table).map { step in
            end += step
            return end
        }
    }

    package var ranges: [Range<UInt32>] {
        stride(from: 0, to: boundaries.count - 1, by: 2).map { boundaries[$0]..<boundaries[$0 + 1] }
    }

    package func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = boundaries.count
        while low < high {
            let middle = (low + high) / 2
            if boundaries[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        return low % 2 == 1
    }
}
