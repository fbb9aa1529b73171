extension JSONLexer {
    /// Reads a string, after white space; without escapes its UTF-8 is a slice of the text, not a copy.
    @usableFromInline
    mutating func string() throws(JSONFault) -> ArraySlice<UInt8> {
        skipWhitespace()
        guard current == UInt8(ascii: "\"") else { throw fault(.string) }
        let first = position + 1
        let end = endOfPlainRun(from: first)
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
            return try decodedString(plainUntil: end)
        }
        position = end + 1
        return bytes[first..<end]
    }

    /// Skips a string, after white space.
    mutating func skipString() throws(JSONFault) {
        skipWhitespace()
        guard current == UInt8(ascii: "\"") else { throw fault(.string) }
        let end = endOfPlainRun(from: position + 1)
        guard byte(at: end) == UInt8(ascii: "\"") else { return _ = try decodedString(plainUntil: end) }
        position = end + 1
    }

    /// Decodes the string whose opening quote is at the position; `firstStop` is its first byte that is not plain text.
    private mutating func decodedString(plainUntil firstStop: Int) throws(JSONFault) -> ArraySlice<UInt8> {
        let opening = position
        var end = firstStop
        var decoded: [UInt8] = []
        position += 1
        while true {
            decoded += bytes[position..<end]
            position = end
            switch byte(at: end) {
            case nil: throw fault(.endOfString, token: opening, at: end, stop: end)
            case UInt8(ascii: "\""):
                position = end + 1
                return decoded[...]
            case UInt8(ascii: "\\"): try escape(into: &decoded)
            default: throw fault(.noControlCharacter, token: opening, at: end, stop: end)
            }
            end = endOfPlainRun(from: position)
        }
    }

    /// The first byte from here that is a quote, a backslash or a control character, or the end of the text.
    private func endOfPlainRun(from first: Int) -> Int {
        bytes.withUnsafeBytes { raw in
            var index = first
            // Eight bytes at a time: base64 is megabytes of plain run. A byte's high bit in `stops` is set if the byte
            // is below 0x20, a quote or a backslash; a borrow can set bits above a real stop, never below one.
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs: UInt64 = 0x8080_8080_8080_8080
            while index + 8 <= raw.count {
                let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let quotes = word ^ (ones &* 0x22)
                let backslashes = word ^ (ones &* 0x5C)
                let stops =
                    ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes)
                    | ((backslashes &- ones) & ~backslashes)
                if stops & highs != 0 { return index + (stops & highs).trailingZeroBitCount / 8 }
                index += 8
            }
            while index < raw.count, raw[index] >= 0x20, raw[index] != 0x22, raw[index] != 0x5C { index += 1 }
            return index
        }
    }

    /// Reads one escape; the position is at its backslash.
    private mutating func escape(into decoded: inout [UInt8]) throws(JSONFault) {
        let backslash = position
        let letter = byte(at: backslash + 1)
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter ?? 0)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(into: &decoded)
        default:
            let stop = min(backslash + 2, bytes.count)
            throw fault(.escapedCharacter, token: backslash, at: backslash + 1, stop: stop)
        }
        position = backslash + 2
    }

    private mutating func unicodeEscape(into decoded: inout [UInt8]) throws(JSONFault) {
        let backslash = position
        let first = try hexadecimal(ofEscapeAt: backslash)
        position = backslash + 6
        if let scalar = Unicode.Scalar(first) {
            return decoded += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
        if let second = try secondHalf(of: first, at: backslash) {
            position += 6
            let scalar = Unicode.Scalar(0x10000 + UInt32(first & 0x3FF) << 10 + UInt32(second & 0x3FF))
            decoded += scalar.flatMap { UTF8.encode($0) } ?? UTF8.encodedReplacementCharacter
        } else {
            decoded += UTF8.encodedReplacementCharacter
        }
    }

    /// The second half of a surrogate pair, read from the escape at the position; nil if the first half stays alone and
    /// may.
    private func secondHalf(of first: UInt16, at backslash: Int) throws(JSONFault) -> UInt16? {
        func alone(_ offset: Int, stop: Int) -> JSONFault {
            fault(.surrogatePair, token: backslash, at: offset, stop: stop)
        }
        let isLead = UTF16.isLeadSurrogate(first)
        if replacesLoneSurrogates {
            guard isLead, position + 6 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { return nil }
            let second = try hexadecimal(ofEscapeAt: position)
            return UTF16.isTrailSurrogate(second) ? second : nil
        }
        guard isLead, byte(at: position) == UInt8(ascii: "\\") else { throw alone(position, stop: position) }
        guard byte(at: position + 1) == UInt8(ascii: "u") else { throw alone(position + 1, stop: position) }
        let second = try hexadecimal(ofEscapeAt: position)
        guard UTF16.isTrailSurrogate(second) else { throw alone(position + 6, stop: position + 6) }
        return second
    }

    /// The value of an escape's four hexadecimal digits.
    private func hexadecimal(ofEscapeAt backslash: Int) throws(JSONFault) -> UInt16 {
        let first = backslash + 2
        var value: UInt16 = 0
        for index in first..<first + 4 {
            guard let digit = byte(at: index).flatMap(Self.hexadecimalDigit) else {
                throw fault(.hexadecimalDigits, token: backslash, at: index, stop: first)
            }
            value = value << 4 | digit
        }
        // Python looks at the digits only if a character follows them, such as the closing quote.
        guard first + 4 < bytes.count || !replacesLoneSurrogates else {
            throw fault(.hexadecimalDigits, token: backslash, at: first + 4, stop: first)
        }
        return value
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
