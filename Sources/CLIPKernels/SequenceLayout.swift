/// Where the sequences lie that are packed behind each other, without padding, in the rows of one matrix.
///
/// Only attention looks at it; everything else treats rows alike.
public struct SequenceLayout: Equatable, Sendable {
    /// Where each sequence begins, and at the end where the last one ends.
    private let borders: [Int]

    /// Sequences of these lengths, in this order.
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

    /// How many sequences there are.
    public var count: Int { borders.count - 1 }
    /// How many rows they have together.
    public var rows: Int { borders[count] }

    /// The rows of a sequence.
    public func rows(of sequence: Int) -> Range<Int> { borders[sequence]..<borders[sequence + 1] }

    /// The first row of every sequence.
    public var firstRows: [Int] { Array(borders.dropLast()) }

    /// The last row of every sequence.
    public var lastRows: [Int] { borders.dropFirst().map { $0 - 1 } }

    /// The sequences that have rows among these.
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
