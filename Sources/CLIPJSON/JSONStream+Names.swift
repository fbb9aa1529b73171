/// Limits on the number of names in an object and on their length in bytes.
public struct JSONNameLimits: Sendable {
    /// The most names of one object.
    public let count: Int
    /// The most bytes of one name.
    public let length: Int

    /// Allows at most `count` names, each of at most `length` bytes.
    public init(count: Int, length: Int) {
        self.count = count
        self.length = length
    }
}

extension JSONStream {
    /// Reads an object and refuses a repeated name; `member` has to read or skip each value.
    ///
    /// `duplicate` makes the error for a repeated name. Names that differ only in how Unicode composes them count as
    /// repeated, as `String` compares them.
    public mutating func object(
        once limits: JSONNameLimits,
        duplicate: (String) -> Failure,
        member: (inout JSONStream, String) throws(Failure) -> Void
    ) throws(Failure) {
        var names: Set<String> = []
        try open("{")
        if !take("}") {
            repeat {
                guard names.count < limits.count else {
                    throw failure(lexer.fault(.fewerNames(limit: limits.count)))
                }
                let name = String(decoding: try text(), as: UTF8.self)
                guard name.utf8.count <= limits.length else {
                    throw failure(lexer.fault(.shorterName(limit: limits.length)))
                }
                guard names.insert(name).inserted else { throw duplicate(name) }
                try expect(":")
                try member(&self, name)
            } while take(",")
            try expect("}")
        }
        levels += 1
    }
}
