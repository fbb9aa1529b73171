/// Divides a JSON text into white space, strings, numbers and words, for both the tree and the stream.
///
/// The text has to be UTF-8. Strings without escapes are not copied.
@usableFromInline
struct JSONLexer {
    @usableFromInline let bytes: [UInt8]
    /// Whether a lone half of a surrogate pair reads as U+FFFD; otherwise it is refused.
    let replacesLoneSurrogates: Bool
    /// The offset of the next unread byte.
    @usableFromInline var position: Int

    @usableFromInline
    init(_ bytes: [UInt8], at position: Int = 0, replacingLoneSurrogates: Bool) {
        self.bytes = bytes
        self.position = position
        replacesLoneSurrogates = replacingLoneSurrogates
    }

    /// The byte at the position; nil at the end of the text.
    @inlinable var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    /// A fault at the position, before any byte of a token was read.
    @inlinable
    func fault(_ expected: JSONFault.Expected) -> JSONFault {
        fault(expected, token: position, at: position, stop: position)
    }

    @usableFromInline
    func fault(_ expected: JSONFault.Expected, token: Int, at offset: Int, stop: Int) -> JSONFault {
        JSONFault(expected: expected, token: token, offset: offset, stop: stop)
    }

    @inlinable
    mutating func skipWhitespace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// Skips this byte, and white space before it, if it comes next; returns whether it did.
    @inlinable
    mutating func take(_ byte: UInt8) -> Bool {
        skipWhitespace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    @inlinable
    mutating func expect(_ byte: UInt8) throws(JSONFault) {
        guard take(byte) else { throw fault(.byte(byte)) }
    }

    /// Skips a word if it comes next; returns whether it did.
    mutating func take(word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count,
            word.withUTF8Buffer({ bytes[position..<end].elementsEqual($0) })
        else { return false }
        position = end
        return true
    }

    /// Skips a value of any kind, whose arrays and objects may nest `levels` deep.
    @usableFromInline
    mutating func skip(levels: Int, of limit: Int) throws(JSONFault) {
        skipWhitespace()
        switch current {
        case UInt8(ascii: "{"):
            guard levels > 0 else { throw fault(.shallower(limit: limit)) }
            position += 1
            if take(UInt8(ascii: "}")) { return }
            repeat {
                try skipString()
                try expect(UInt8(ascii: ":"))
                try skip(levels: levels - 1, of: limit)
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            guard levels > 0 else { throw fault(.shallower(limit: limit)) }
            position += 1
            if take(UInt8(ascii: "]")) { return }
            repeat { try skip(levels: levels - 1, of: limit) } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"))
        default:
            try skipScalar()
        }
    }

    /// Skips a string, a number, `true`, `false` or `null`.
    @usableFromInline
    mutating func skipScalar() throws(JSONFault) {
        skipWhitespace()
        if current == UInt8(ascii: "\"") { return try skipString() }
        let first = position
        var end = first
        while end < bytes.count, Self.isOfWord(bytes[end]) { end += 1 }
        guard first < end else { throw fault(.scalar) }
        if take(word: "true") || take(word: "false") || take(word: "null") || numeral() != nil,
            position == end
        {
            return
        }
        position = first
        throw fault(.scalar, token: first, at: first, stop: end)
    }

    /// Whether a byte is a letter, digit, sign or point, of which numbers and words consist.
    static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
        default: false
        }
    }
}
