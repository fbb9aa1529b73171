internal import CLIPJSON

/// Reads the simple JSON of checkpoints: objects of strings, numbers and short arrays, in which no name is repeated.
typealias CheckpointJSON = JSONStream<WeightError>

extension CheckpointJSON {
    /// The limits on names: forty times the tensors of the largest published CLIP (about 1,600), and 1,024 bytes for
    /// each.
    ///
    /// So a hostile header stays cheap. Real names have about a hundred bytes, and the limit keeps a hostile one out of
    /// the log.
    static var names: JSONNameLimits { JSONNameLimits(count: 65_536, length: 1_024) }
    /// The deepest nesting: the header's object, the metadata or a tensor, and the tensor's shape.
    private static var deepest: Int { 3 }

    /// Refuses bytes that are not UTF-8 or do not begin with `{`, as the safetensors format requires of a header.
    init(_ bytes: [UInt8], file: String) throws(WeightError) {
        guard UTF8Check.isValid(bytes) else { throw .notUTF8(file: file) }
        guard bytes.first == UInt8(ascii: "{") else {
            throw .malformedJSON(file: file, offset: 0, expected: "'{'")
        }
        self.init(bytes, deepest: Self.deepest) { fault in
            .malformedJSON(file: file, offset: fault.offset, expected: "\(fault.expected)")
        }
    }

    /// Reads an object; `member` has to read each value, and `duplicate` makes the error for a repeated name.
    mutating func object(
        duplicate: (String) -> WeightError,
        member: (inout CheckpointJSON, String) throws(WeightError) -> Void
    ) throws(WeightError) {
        try object(once: Self.names, duplicate: duplicate, member: member)
    }

    /// Reads an array of at most `limit` whole numbers; nil if there are more.
    mutating func counts(limit: Int) throws(WeightError) -> [Int]? {
        try expect("[")
        guard !take("]") else { return [] }
        var counts: [Int] = []
        repeat {
            guard counts.count < limit else { return nil }
            counts.append(try count())
        } while take(",")
        try expect("]")
        return counts
    }

    /// Reads an array of exactly two whole numbers.
    mutating func pairOfCounts() throws(WeightError) -> (Int, Int) {
        try expect("[")
        let first = try count()
        try expect(",")
        let second = try count()
        try expect("]")
        return (first, second)
    }

    /// Reads a string and resolves its escapes.
    mutating func word() throws(WeightError) -> String {
        String(decoding: try text(), as: UTF8.self)
    }
}
