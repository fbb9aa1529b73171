/// Writes compact JSON as Roboflow's server does: members in the order in which they are written, text as UTF-8 with
/// Python's escapes, numbers in pydantic's spelling.
package struct JSONWriter {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    /// Whether a comma is due before the next element or member.
    private var needsComma = false

    package init() {}

    /// Reserves memory, so that a long text does not have to grow by doubling.
    package mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(count)
    }

    // MARK: Structure

    /// An object; `body` writes its members.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open("{", close: "}", body)
    }

    /// An array; `body` writes its elements.
    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        open("[", close: "]", body)
    }

    /// One member of an object; `value` writes its value.
    package mutating func member(_ name: String, _ value: (inout JSONWriter) -> Void) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        value(&self)
        needsComma = true
    }

    package mutating func member(_ name: String, _ value: String?) {
        member(name) { writer in
            if let value { writer.string(value) } else { writer.null() }
        }
    }

    package mutating func nullMembers(_ names: String...) {
        for name in names { member(name) { $0.null() } }
    }

    private mutating func open(
        _ opening: Unicode.Scalar,
        close closing: Unicode.Scalar,
        _ body: (inout JSONWriter) -> Void
    ) {
        separate()
        bytes.append(UInt8(ascii: opening))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: closing))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    // MARK: Values

    /// Writes a value that is JSON already.
    package mutating func encoded(_ json: [UInt8]) {
        separate()
        bytes += json
    }

    package mutating func null() {
        separate()
        bytes += "null".utf8
    }

    package mutating func boolean(_ value: Bool) {
        separate()
        bytes += (value ? "true" : "false").utf8
    }

    package mutating func integer(_ value: Int) {
        separate()
        bytes += String(value).utf8
    }

    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += "\\u00".utf8
                bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a float as the shortest decimal that reads back as the same *double*, because Roboflow's server converts
    /// NumPy's values to doubles before it prints them: -1.3325551748275757, not -1.3325552.
    package mutating func number(_ value: Float) {
        number(Double(value))
    }

    /// The shortest decimal that reads back as this double; null if it is not finite.
    ///
    /// The spelling is pydantic's (that is, Rust's `ryu`): plain from 1e-5 up to 1e16, always with a point, beyond
    /// that as `1e-6` and `1.5e300`.
    package mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        let text = value.description
        // Swift changes to exponents at other places; between 1e-4 and 2^53 both write the same.
        if let exponentMark = text.utf8.firstIndex(of: UInt8(ascii: "e")) {
            appendScientific(Substring(text[..<exponentMark]), text[text.utf8.index(after: exponentMark)...])
        } else {
            bytes += text.utf8
        }
    }

    /// Writes `1.25` and `-05` of `1.25e-05` in pydantic's spelling.
    private mutating func appendScientific(_ mantissa: Substring, _ exponentText: Substring) {
        let exponent = Int(exponentText) ?? 0
        var digits = Array(mantissa.utf8.filter { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") })
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if mantissa.first == "-" { bytes.append(UInt8(ascii: "-")) }
        let point = exponent + 1  // digits before the decimal point
        if point > 16 || point <= -5 {
            bytes.append(digits[0])
            if digits.count > 1 {
                bytes.append(UInt8(ascii: "."))
                bytes += digits[1...]
            }
            bytes += "e\(exponent)".utf8
        } else if point <= 0 {
            bytes += "0.".utf8
            bytes += repeatElement(UInt8(ascii: "0"), count: -point)
            bytes += digits
        } else {
            bytes += digits.prefix(point)
            bytes += repeatElement(UInt8(ascii: "0"), count: max(0, point - digits.count))
            bytes.append(UInt8(ascii: "."))
            bytes += digits.count > point ? Array(digits[point...]) : [UInt8(ascii: "0")]
        }
    }
}
