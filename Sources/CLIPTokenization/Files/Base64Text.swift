/// Reads base64, in which `tokenizer.json` carries a table of characters.
enum Base64Text {
    /// The bytes of a text with padding; nil where it is none.
    static func bytes(of text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 4 * 3)
        let content = text.prefix(while: { $0 != UInt8(ascii: "=") })
        guard text.count - content.count <= 2,
            text[content.endIndex...].allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return nil }
        var bits: UInt32 = 0
        var count = 0
        for byte in content {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return out
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte - 0x41)
        case 0x61...0x7A: UInt32(byte - 0x61) + 26
        case 0x30...0x39: UInt32(byte - 0x30) + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
