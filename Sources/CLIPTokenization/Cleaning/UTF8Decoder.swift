/// Reads and writes UTF-8 without `String`.
package enum UTF8Decoder {
    /// The scalars of strictly valid UTF-8; nil for any other bytes.
    ///
    /// `acceptingVariants` also reads what ftfy calls utf-8-variants: surrogate pairs encoded one by one (CESU-8), and
    /// Java's two bytes for NUL.
    package static func scalars(_ bytes: [UInt8], acceptingVariants: Bool = false) -> [UInt32]? {
        var out: [UInt32] = []
        out.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                out.append(UInt32(bytes[index]))
                index += 1
            } else if let (scalar, length) = sequence(bytes, index) {
                out.append(scalar)
                index += length
            } else if acceptingVariants, let (scalar, length) = variant(bytes, index) {
                out.append(scalar)
                index += length
            } else {
                return nil
            }
        }
        return out
    }

    package static func bytes(_ scalars: some Sequence<UInt32>) -> [UInt8] {
        var out: [UInt8] = []
        for scalar in scalars {
            switch scalar {
            case 0..<0x80:
                out.append(UInt8(scalar))
            case 0x80..<0x800:
                out.append(UInt8(0xC0 | scalar >> 6))
                out.append(UInt8(0x80 | scalar & 0x3F))
            case 0x800..<0x10000:
                out.append(UInt8(0xE0 | scalar >> 12))
                out.append(UInt8(0x80 | scalar >> 6 & 0x3F))
                out.append(UInt8(0x80 | scalar & 0x3F))
            default:
                out.append(UInt8(0xF0 | scalar >> 18))
                out.append(UInt8(0x80 | scalar >> 12 & 0x3F))
                out.append(UInt8(0x80 | scalar >> 6 & 0x3F))
                out.append(UInt8(0x80 | scalar & 0x3F))
            }
        }
        return out
    }

    /// The first scalar of valid UTF-8 and its number of bytes.
    static func first(of text: Slice<UnsafeBufferPointer<UInt8>>) -> (scalar: UInt32, length: Int)? {
        guard let lead = text.first else { return nil }
        guard lead >= 0xC0 else { return (UInt32(lead), 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for byte in text.dropFirst().prefix(length - 1) { scalar = scalar << 6 | UInt32(byte & 0x3F) }
        return (scalar, min(length, text.count))
    }

    /// The last scalar of valid UTF-8 and its number of bytes.
    static func last(of text: Slice<UnsafeBufferPointer<UInt8>>) -> (scalar: UInt32, length: Int)? {
        guard let start = text.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return nil }
        return first(of: text[start...])
    }

    private static func sequence(_ bytes: [UInt8], _ index: Int) -> (scalar: UInt32, length: Int)? {
        let lead = bytes[index]
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return nil
        }
        guard index + length <= bytes.count else { return nil }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for byte in bytes[(index + 1)..<(index + length)] {
            guard 0x80...0xBF ~= byte else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        let isShortest = length == 2 || scalar >= (length == 3 ? 0x800 : 0x10000)
        guard isShortest, Unicode.Scalar(scalar) != nil else { return nil }
        return (scalar, length)
    }

    /// Reads a variant sequence, with a fault of ftfy's.
    ///
    /// ftfy finds these with a regular expression whose `$` also matches before a final line feed, and then takes that
    /// line feed for the missing byte; so does this.
    private static func variant(_ bytes: [UInt8], _ index: Int) -> (scalar: UInt32, length: Int)? {
        func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
        func isLastLineFeed(_ offset: Int) -> Bool { at(offset) == 0x0A && index + offset == bytes.count - 1 }
        if at(0) == 0xC0 { return at(1) == 0x80 || isLastLineFeed(1) ? (0, 2) : nil }
        guard at(0) == 0xED, 0xA0...0xAF ~= at(1), 0x80...0xBF ~= at(2),
            at(3) == 0xED, 0xB0...0xBF ~= at(4), 0x80...0xBF ~= at(5) || isLastLineFeed(5)
        else { return nil }
        let upper = UInt32(at(1) & 0x0F) << 16 | UInt32(at(2) & 0x3F) << 10
        return (0x10000 + (upper | UInt32(at(4) & 0x0F) << 6 | UInt32(at(5) & 0x3F)), 6)
    }
}
