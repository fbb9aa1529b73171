/// Lower case as the reference implementations make it.
package enum LowerCase {
    /// Python 3.11 knows Unicode 14 and leaves letters that came later as they are.
    private static let newestUnicode = 14

    /// Lower case by Python's `str.lower`: one scalar may become two, and a capital sigma depends on its neighbours.
    package static func lowercased(_ text: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            switch scalar {
            case 0x41...0x5A: out.append(scalar + 0x20)
            // Hangul, kana and Chinese characters have no case. Looking each of them up would take most of the time.
            case 0..<0x80, 0x1100...0x11FF, 0x3000...0xA63F, 0xAC00...0xFAFF: out.append(scalar)
            case 0x3A3: out.append(isFinalSigma(at: index, of: text) ? 0x3C2 : 0x3C3)
            default: append(scalar, to: &out)
            }
        }
        return out
    }

    /// Lower case by Rust's `char::to_lowercase`: each scalar by itself, also a capital sigma, and by a newer Unicode.
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

    /// Whether a sigma follows a cased letter and precedes none; characters that case ignores do not count.
    private static func isFinalSigma(at index: Int, of text: [UInt32]) -> Bool {
        guard let before = text[..<index].last(where: { !isCaseIgnorable($0) }), isCased(before) else {
            return false
        }
        guard let after = text[(index + 1)...].first(where: { !isCaseIgnorable($0) }) else { return true }
        return !isCased(after)
    }

    /// Whether case ignores a scalar in Unicode 14, where U+1171E was not yet a vowel sign of its present kind.
    private static func isCaseIgnorable(_ scalar: UInt32) -> Bool {
        scalar == 0x1171E || properties(of: scalar)?.isCaseIgnorable == true
    }

    /// Whether a scalar has case in Unicode 14, where U+0295 was still a small letter; since then it is a letter
    /// without case.
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
