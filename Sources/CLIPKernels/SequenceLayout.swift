/// Where the sequences lie that are packed behind each other, without padding, in the rows of one matrix.
///
/// Only attention looks at it; everything else treats rows alike. Neighbours of equal length form a *run*, which
/// attention computes at once: sort captions by length to have few runs.
public struct SequenceLayout: Equatable, Sendable {
    /// Neighbouring sequences of equal length.
    struct Run: Equatable, Sendable {
        /// The index of the first sequence of the run.
        var firstSequence: Int
        /// The row where that sequence begins.
        var firstRow: Int
        var length: Int
        var count: Int
    }

    /// How many sequences there are.
    public let count: Int
    /// How many rows they have together.
    public let rows: Int
    let runs: [Run]

    /// Sequences of these lengths, in this order.
    public init(lengths: some Collection<Int>) {
        var runs: [Run] = []
        var rows = 0
        for (index, length) in lengths.enumerated() {
            precondition(length > 0, "A sequence has at least one row.")
            if let last = runs.indices.last, runs[last].length == length {
                runs[last].count += 1
            } else {
                runs.append(Run(firstSequence: index, firstRow: rows, length: length, count: 1))
            }
            rows += length
        }
        self.runs = runs
        self.rows = rows
        count = lengths.count
    }

    /// The first row of every sequence.
    public var firstRows: [Int] {
        runs.flatMap { run in (0..<run.count).map { run.firstRow + $0 * run.length } }
    }

    /// The last row of every sequence.
    public var lastRows: [Int] {
        runs.flatMap { run in (1...run.count).map { run.firstRow + $0 * run.length - 1 } }
    }
}
