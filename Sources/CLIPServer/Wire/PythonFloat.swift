internal import CLIPJSON

/// Recognises the texts that Python's `float()` accepts.
enum PythonFloat {
    /// The limit in bytes of a number's text: Python's own limit for the digits of an integer.
    private static let longestText = 4300

    static func reads(_ text: JSONText) -> Bool {
        // No number needs more; a longer text is mostly blanks, or an attempt to waste time.
        guard text.utf8.count <= longestText else { return false }
        var text = text.string[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        var digits: [UInt8] = []
        var previous: UInt8 = 0
        // An underscore may stand between two digits.
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "_") {
                guard isDigit(previous), index + 1 < bytes.count, isDigit(bytes[index + 1]) else {
                    return false
                }
            } else {
                digits.append(byte | (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? 0x20 : 0))
            }
            previous = byte
        }
        var unsigned = digits[...]
        if unsigned.first == UInt8(ascii: "+") || unsigned.first == UInt8(ascii: "-") {
            unsigned.removeFirst()
        }
        if ["inf", "infinity", "nan"].contains(where: { unsigned.elementsEqual($0.utf8) }) { return true }
        // Double also reads hexadecimal numbers, which Python does not; apart from them the grammars are the same.
        guard let first = unsigned.first, isDigit(first) || first == UInt8(ascii: "."),
            unsigned.allSatisfy({ isDigit($0) || ".e+-".utf8.contains($0) })
        else { return false }
        // Python accepts `1.` and `.5`.
        return Double(String(decoding: Array("0".utf8) + unsigned, as: UTF8.self).replacingLonePoint()) != nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

extension String {
    /// Rewrites `01.` and `01.e5` as `01.0` and `01.0e5`.
    ///
    /// A point alone does not become a number.
    fileprivate func replacingLonePoint() -> String {
        guard self != "0.", let point = firstIndex(of: "."), utf8.distance(from: startIndex, to: point) > 0
        else {
            return self == "0." ? "" : self
        }
        let next = index(after: point)
        guard next == endIndex || self[next] == "e" else { return self }
        return self[..<next] + "0" + self[next...]
    }
}
