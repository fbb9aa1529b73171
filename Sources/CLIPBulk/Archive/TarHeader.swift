/// One header of a tar archive: POSIX's ustar, GNU's, or that of 1979.
struct TarHeader {
    /// The length of a header; contents are filled up to it.
    static let length = 512

    /// What follows the header.
    enum Kind: Equatable {
        case file
        case folder
        /// A link, symbolic or not, a device or a pipe: nothing follows.
        case empty
        /// A file of which only the parts are there that are not zero; a number of headers more may follow.
        case sparse(goesOn: Bool)
        /// The name of the next file; GNU.
        case longName
        /// Where the next link leads; GNU.
        case longTarget
        /// Records for the next file; POSIX.
        case records
        /// Records for all files from here on; POSIX.
        case globalRecords
        /// Something of somebody's own.
        case other
    }

    let kind: Kind
    /// As it was written, up to 256 bytes.
    let name: [UInt8]
    /// How many bytes follow.
    let size: Int

    /// - Parameters:
    ///   - bytes: 512, not all of them zero.
    ///   - offset: where they are, for errors.
    init(_ bytes: [UInt8], at offset: Int) throws(ArchiveError) {
        guard bytes.count == Self.length, Self.hasItsSum(bytes) else { throw .badHeader(offset: offset) }
        let isPOSIX = bytes[257..<263].elementsEqual("ustar\0".utf8)
        var name = Self.text(bytes[0..<100])
        let prefix = Self.text(bytes[345..<500])
        // GNU has times there.
        if isPOSIX, !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        self.name = name
        switch bytes[156] {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // Before POSIX a folder was a file whose name ends so.
            kind = bytes[156] == 0 && name.last == UInt8(ascii: "/") ? .folder : .file
        case UInt8(ascii: "5"): kind = .folder
        case UInt8(ascii: "1")...UInt8(ascii: "6"): kind = .empty
        case UInt8(ascii: "S"): kind = .sparse(goesOn: bytes[482] != 0)
        case UInt8(ascii: "L"): kind = .longName
        case UInt8(ascii: "K"): kind = .longTarget
        case UInt8(ascii: "x"), UInt8(ascii: "X"): kind = .records
        case UInt8(ascii: "g"): kind = .globalRecords
        default: kind = .other
        }
        guard let number = Self.number(bytes[124..<136]), number >= 0 else {
            throw .badNumber(offset: offset)
        }
        size = number
    }

    /// How many bytes are behind the header, what fills up the last block included; nil where that is beyond all files.
    static func filledUp(_ size: Int) -> Int? {
        let (sum, isTooMany) = size.addingReportingOverflow(length - 1)
        return isTooMany ? nil : sum / length * length
    }

    /// Bytes up to the first zero.
    static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// A number in octal digits, or GNU's in base 256; nil where it is neither or does not fit.
    static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        if first == 0x80 || first == 0xFF {
            // Two's complement, whose first byte has the mark and the sign.
            var value = first == 0xFF ? -1 : 0
            for byte in field.dropFirst() {
                guard value >> 54 == 0 || value >> 54 == -1 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        let digits = text(field).drop { $0 == UInt8(ascii: " ") }
        var value = 0
        for (index, digit) in digits.enumerated() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else {
                let isOver = digits.dropFirst(index).allSatisfy { $0 == UInt8(ascii: " ") }
                return isOver ? value : nil
            }
            value = value << 3 | Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// Whether the header's sum is that of its bytes, with blanks where it stands itself; some wrote it of signed bytes.
    private static func hasItsSum(_ bytes: [UInt8]) -> Bool {
        guard let told = number(bytes[148..<156]) else { return false }
        var (sum, signed) = (8 * 32, 8 * 32)
        for (index, byte) in bytes.enumerated() where !(148..<156).contains(index) {
            sum += Int(byte)
            signed += Int(Int8(bitPattern: byte))
        }
        return told == sum || told == signed
    }
}
