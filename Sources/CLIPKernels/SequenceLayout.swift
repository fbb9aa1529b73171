/// The places of sequences that are packed one after the other, without padding, in the rows of one matrix.
///
/// Only attention needs them; everything else treats rows alike. A sequence may continue a prefix, whose keys and
/// values are in rows of earlier sequences, or in rows from a cache, which come before those of all sequences.
public struct SequenceLayout: Equatable, Sendable {
    /// A sequence of which only the end has rows of its own.
    public struct Branch: Equatable, Sendable {
        /// The rows of keys and values at the positions before its own.
        public let prefix: [Int]
        /// The number of its own rows.
        public let length: Int

        /// A sequence that continues `prefix` by `length` rows.
        public init(prefix: [Int], length: Int) {
            self.prefix = prefix
            self.length = length
        }
    }

    /// How many rows of keys and values come before those of the sequences.
    public let cachedRows: Int
    /// The first row of each sequence, and last the end of the last one.
    private let borders: [Int]
    /// For a sequence that continues a prefix the rows of keys and values at all its positions; otherwise nothing.
    private let places: [[Int64]]

    /// Makes a layout of sequences with these lengths, in this order.
    public init(lengths: some Collection<Int>) {
        self.init(lengths: lengths, cachedRows: 0, places: [])
    }

    /// Makes a layout of sequences that may continue prefixes.
    ///
    /// Rows of keys and values are counted from the first cached one. A prefix has rows only of caches and of sequences
    /// before.
    public init(_ branches: [Branch], cachedRows: Int = 0) {
        var first = cachedRows
        var places: [[Int64]] = []
        for branch in branches {
            precondition(
                branch.prefix.allSatisfy { (0..<first).contains($0) },
                "A prefix lies before what continues it."
            )
            let own = first..<first + branch.length
            places.append(branch.prefix.isEmpty ? [] : (branch.prefix + own).map(Int64.init))
            first = own.upperBound
        }
        self.init(lengths: branches.map(\.length), cachedRows: cachedRows, places: places)
    }

    private init(lengths: some Collection<Int>, cachedRows: Int, places: [[Int64]]) {
        precondition(cachedRows >= 0, "There is no negative number of rows.")
        var borders = [0]
        borders.reserveCapacity(lengths.count + 1)
        var end = 0
        for length in lengths {
            precondition(length > 0, "A sequence has at least one row.")
            end += length
            borders.append(end)
        }
        self.borders = borders
        self.cachedRows = cachedRows
        self.places = places
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

    /// The rows of keys and values at all positions of a sequence that continues a prefix; nil if it has only its own.
    func places(of sequence: Int) -> [Int64]? {
        places.isEmpty || places[sequence].isEmpty ? nil : places[sequence]
    }

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
