/// What POSIX's extended headers say of a file, as far as it matters here.
struct PaxRecords {
    var path: [UInt8]?
    var size: Int?
    /// Whether the file's content is a map and the parts that are not zero (GNU).
    var isSparse = false
    private var sparseName: [UInt8]?

    /// The file's name; nil where it is the header's own.
    var name: [UInt8]? { sparseName ?? path }

    init() {}

    /// Reads records, each its length in digits, a blank, a name, `=`, a value and a line end.
    ///
    /// - Parameter offset: where their header is, for errors.
    init(_ bytes: [UInt8], at offset: Int) throws(ArchiveError) {
        var rest = bytes[...]
        // What fills up is zero.
        while let first = rest.first, first != 0 {
            guard let blank = rest.prefix(Self.mostDigits + 1).firstIndex(of: UInt8(ascii: " ")),
                let length = Self.number(rest[..<blank]), length <= rest.count,
                length > blank - rest.startIndex + 1
            else { throw .badRecords(offset: offset) }
            let record = rest[blank + 1..<rest.startIndex + length]
            rest = rest.dropFirst(length)
            guard record.last == UInt8(ascii: "\n"), let sign = record.firstIndex(of: UInt8(ascii: "="))
            else {
                throw .badRecords(offset: offset)
            }
            try take(record[..<sign], record[(sign + 1)...].dropLast(), at: offset)
        }
    }

    private mutating func take(
        _ name: ArraySlice<UInt8>,
        _ value: ArraySlice<UInt8>,
        at offset: Int
    ) throws(ArchiveError) {
        if name.elementsEqual("path".utf8) {
            // An empty value takes back what was said.
            path = value.isEmpty ? nil : Array(value)
        } else if name.elementsEqual("size".utf8) {
            guard let number = Self.number(value) else { throw .badNumber(offset: offset) }
            size = number
        } else if name.starts(with: "GNU.sparse.".utf8) {
            isSparse = true
            // What stands as its path is made up.
            if name.elementsEqual("GNU.sparse.name".utf8) { sparseName = Array(value) }
        }
    }

    /// More digits than any number that fits.
    private static let mostDigits = 19

    /// A number in decimal digits; nil where it is none or does not fit.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= mostDigits,
            digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    /// What holds for the file behind several headers: of two that say the same, the first.
    mutating func complete(with other: PaxRecords) {
        path = path ?? other.path
        size = size ?? other.size
        sparseName = sparseName ?? other.sparseName
        isSparse = isSparse || other.isSparse
    }
}
