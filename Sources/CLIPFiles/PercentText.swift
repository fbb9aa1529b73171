/// Bytes as addresses have them (RFC 3986, section 2).
package enum PercentText {
    /// All but letters, digits, `-`, `.`, `_`, `~` and what else may stand as it is become `%` and two digits.
    package static func of(_ bytes: some Sequence<UInt8>, keeping others: String = "") -> String {
        let kept = Set("-._~".utf8).union(others.utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                text.append(byte)
            case _ where kept.contains(byte): text.append(byte)
            default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
