/// Lower case the way of Python's `str.lower`.
package enum LowerCase {
    /// Python 3.11 knows Unicode 14, and leaves a letter that came later as it is.
    private static let newestUnicode = 14

    /// The text in lower case; one scalar may become two, and a capital sigma looks at its neighbours.
    package static func lowercased(_ text: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            switch scalar {
            case 0x41...0x5A: out.append(scalar + 0x20)
            // Hangul, kana and Chinese characters have no case; asking for each would take most of the time.
            case 0..<0x80, 0x1100...0x11FF, 0x3000...0xA63F, 0xAC00...0xFAFF: out.append(scalar)
            case 0x3A3: out.append(isFinalSigma(at: index, of: text) ? 0x3C2 : 0x3C3)
            default: append(scalar, to: &out)
            }
        }
        return out
    }

    /// Lower case the way of Rust's `char::to_lowercase`: every scalar by itself, a capital sigma too, and by a newer Unicode.
    static func lowercasedOneByOne(_ text: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        for scalar in text {
            switch scalar {
            case 0x41...0x5A: out.append(scalar + 0x20)
            case 0..<0x80, 0x1100...0x11FF, 0x3000...0xA63F, 0xAC00...0xFAFF: out.append(scalar)
            default:
                guard let properties = Unicode.Scalar(scalar)?.properties, properties.changesWhenLowercased
                else {
                    out.append(scalar)
                    continue
                }
                out.append(contentsOf: properties.lowercaseMapping.unicodeScalars.lazy.map(\.value))
            }
        }
        return out
    }

    private static func append(_ scalar: UInt32, to out: inout [UInt32]) {
        guard let properties = properties(of: scalar), properties.changesWhenLowercased else {
            out.append(scalar)
            return
        }
        out.append(contentsOf: properties.lowercaseMapping.unicodeScalars.lazy.map(\.value))
    }

    /// After a cased letter and not before one, where characters that case ignores do not count.
    private static func isFinalSigma(at index: Int, of text: [UInt32]) -> Bool {
        guard let before = text[..<index].last(where: { !isCaseIgnorable($0) }), isCased(before) else {
            return false
        }
        guard let after = text[(index + 1)...].first(where: { !isCaseIgnorable($0) }) else { return true }
        return !isCased(after)
    }

    /// U+1171E was no vowel sign of its present kind in Unicode 14.
    private static func isCaseIgnorable(_ scalar: UInt32) -> Bool {
        scalar == 0x1171E || properties(of: scalar)?.isCaseIgnorable == true
    }

    /// U+0295 was a small letter in Unicode 14, and is a letter without case since.
    private static func isCased(_ scalar: UInt32) -> Bool {
        scalar == 0x295 || properties(of: scalar)?.isCased == true
    }

    private static func properties(of scalar: UInt32) -> Unicode.Scalar.Properties? {
        guard let properties = Unicode.Scalar(scalar)?.properties, let age = properties.age,
            age.major <= newestUnicode
        else { return nil }
        return properties
    }
}
