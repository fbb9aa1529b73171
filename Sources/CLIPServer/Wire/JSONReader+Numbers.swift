extension JSONReader {
    /// A number, by Python's rules: digits that cannot belong to it are left standing, so that `01` is a zero with
    /// extra data behind it and `1.` is a one.
    mutating func number() throws(JSONError) -> JSONValue {
        let first = position
        var end = position
        if byte(at: end) == UInt8(ascii: "-") { end += 1 }
        guard isDigit(at: end) else { throw error("Expecting value", at: first) }
        end = byte(at: end) == UInt8(ascii: "0") ? end + 1 : endOfDigits(from: end)
        var isInteger = true
        if byte(at: end) == UInt8(ascii: "."), isDigit(at: end + 1) {
            end = endOfDigits(from: end + 1)
            isInteger = false
        }
        if let exponent = byte(at: end), exponent | 0x20 == UInt8(ascii: "e") {
            var digits = end + 1
            if let sign = byte(at: digits), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                digits += 1
            }
            if isDigit(at: digits) {
                end = endOfDigits(from: digits)
                isInteger = false
            }
        }
        position = end
        let literal = bytes[first..<end]
        if isInteger {
            let digits = literal.first == UInt8(ascii: "-") ? literal.count - 1 : literal.count
            guard digits <= limits.digits else { throw .numberTooLong(limit: limits.digits) }
        }
        let text = String(decoding: literal, as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        // The grammar above is a part of what Double reads, which rounds as Python does and overflows to infinity.
        let real = Double(text) ?? .nan
        return isInteger ? .largeInteger(real) : .real(real)
    }

    private func isDigit(at index: Int) -> Bool {
        guard let byte = byte(at: index) else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private func endOfDigits(from index: Int) -> Int {
        var end = index
        while isDigit(at: end) { end += 1 }
        return end
    }
}
