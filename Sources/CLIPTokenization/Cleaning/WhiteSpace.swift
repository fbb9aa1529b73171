/// Which characters are white space to Python's `str` and to the regex module; the two differ in four characters.
enum WhiteSpace {
    /// `\s` of the regex module, which is also Unicode's property White_Space.
    static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }

    /// `str.isspace`, which also defines white space for `str.strip` and for `\s` of the re module.
    static func isPythonSpace(_ scalar: UInt32) -> Bool {
        0x1C...0x1F ~= scalar || isSpace(scalar)
    }

    /// The text as `str.strip` leaves it.
    static func stripped(_ text: [UInt32]) -> [UInt32] {
        guard let first = text.firstIndex(where: { !isPythonSpace($0) }),
            let last = text.lastIndex(where: { !isPythonSpace($0) })
        else { return [] }
        return first == 0 && last == text.count - 1 ? text : Array(text[first...last])
    }

    /// The text with every run of white space replaced by one space.
    static func collapsed(_ text: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        var wasSpace = false
        for scalar in text {
            let isSpace = isSpace(scalar)
            if !isSpace {
                out.append(scalar)
            } else if !wasSpace {
                out.append(0x20)
            }
            wasSpace = isSpace
        }
        return out
    }
}
