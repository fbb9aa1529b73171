extension JSONReader {
    /// A string whose opening quote has just been passed.
    mutating func string() throws(JSONError) -> JSONText {
        let opening = position - 1
        var end = endOfPlainRun(from: position)
        if byte(at: end) == UInt8(ascii: "\"") {
            defer { position = end + 1 }
            return JSONText(utf8: bytes[position..<end])
        }
        var decoded: [UInt8] = []
        while true {
            decoded += bytes[position..<end]
            position = end
            switch byte(at: end) {
            case nil: throw error("Unterminated string starting at", at: opening)
            case UInt8(ascii: "\""):
                position = end + 1
                return JSONText(utf8: decoded[...])
            case UInt8(ascii: "\\"): try escape(into: &decoded, stringOpening: opening)
            default: throw error("Invalid control character at", at: end)
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

    /// Reads one escape, the position being at its backslash.
    private mutating func escape(into decoded: inout [UInt8], stringOpening: Int) throws(JSONError) {
        let backslash = position
        guard let letter = byte(at: backslash + 1) else {
            throw error("Unterminated string starting at", at: stringOpening)
        }
        position = backslash + 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(backslash: backslash, into: &decoded)
        default: throw error("Invalid \\escape", at: backslash)
        }
    }

    private mutating func unicodeEscape(backslash: Int, into decoded: inout [UInt8]) throws(JSONError) {
        // Python wants one character behind the four digits even to look at them: the closing quote.
        guard backslash + 6 < bytes.count, let first = hexadecimal(at: backslash + 2) else {
            throw error("Invalid \\uXXXX escape", at: backslash + 1)
        }
        position = backslash + 6
        var scalar = Unicode.Scalar(first)
        if first & 0xFC00 == 0xD800, position + 6 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            guard let second = hexadecimal(at: position + 2) else {
                throw error("Invalid \\uXXXX escape", at: position + 1)
            }
            if second & 0xFC00 == 0xDC00 {
                position += 6
                scalar = Unicode.Scalar(0x10000 + UInt32(first & 0x3FF) << 10 + UInt32(second & 0x3FF))
            }
        }
        // Nil is a lone surrogate.
        decoded += UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter
    }

    private func hexadecimal(at index: Int) -> UInt16? {
        guard index + 4 <= bytes.count else { return nil }
        var value: UInt16 = 0
        for byte in bytes[index..<index + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
