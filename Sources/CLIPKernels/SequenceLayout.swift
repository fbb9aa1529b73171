/// The places of sequences that are packed one after the other, without padding, in the rows of one matrix.
///
/// Only attention needs them; everything else treats rows alike.
public struct SequenceLayout: Equatable, Sendable {
    /// The first row of each sequence, and last the end of the last one.
    private let borders: [Int]

    /// Makes a layout of sequences with these lengths, in this order.
    public init(lengths: some Collection<Int>) {
        var borders = [0]
        borders.reserveCapacity(lengths.count + 1)
        var end = 0
        for length in lengths {
            precondition(length > 0, "A sequence has at least one row.")
            end += length
            borders.append(end)
        }
        self.borders = borders
    }

    /// The number of sequences.
    public var count: Int { borders.count - 1 }
    /// The number of rows of all sequences together.
    public var rows: Int { borders[count] }

    /// The rows of one sequence.
    public func rows(of sequence: Int) -> Range<Int> { borders[sequence]..<borders[sequence + 1] }

    /// The first row of every sequence.
    public var firstRows: [Int] { Array(borders.dropLast()) }

    /// The last row of every sequence.
    public var lastRows: [Int] { borders.dropFirst().map { $0 - 1 } }

    /// The sequences that have any of these rows.
    public func sequences(in rows: Range<Int>) -> Range<Int> {
        guard !rows.isEmpty else { return 0..<0 }
        // The sequence of a row is the last one that begins at or before it.
        func sequence(of row: Int) -> Int {
            var (low, high) = (0, count)
            while low + 1 < high {
                let middle = (low + high) / 2
                if borders[middle] <= row { low = middle } else { high = middle }
            }
            return low
        }
        return sequence(of: rows.lowerBound)..<sequence(of: rows.upperBound - 1) + 1
    }
}
