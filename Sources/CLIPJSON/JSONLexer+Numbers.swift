extension JSONLexer {
    /// A number as it is written in the text.
    struct Numeral {
        let range: Range<Int>
        /// Whether the number has neither a fraction nor an exponent.
        let isInteger: Bool
    }

    /// Reads the number at the position, if there is one, by Python's rules.
    ///
    /// Bytes that cannot belong to the number stay unread: `01` is a zero followed by something, and `1.` is a one.
    mutating func numeral() -> Numeral? {
        let first = position
        var end = first
        if byte(at: end) == UInt8(ascii: "-") { end += 1 }
        guard isDigit(at: end) else { return nil }
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
        return Numeral(range: first..<end, isInteger: isInteger)
    }

    /// Reads a number as it is written, after white space; the byte after it must not be one that could belong to a
    /// number.
    @usableFromInline
    mutating func number() throws(JSONFault) -> ArraySlice<UInt8> {
        skipWhitespace()
        let first = position
        guard let numeral = numeral(), !(byte(at: position).map(Self.isOfWord) ?? false) else {
            let stop = position
            position = first
            throw fault(.number, token: first, at: stop, stop: stop)
        }
        return bytes[numeral.range]
    }

    /// Reads a 64-bit whole number, after white space, written without fraction, exponent or leading zero.
    @usableFromInline
    mutating func wholeNumber(signed: Bool) throws(JSONFault) -> Int {
        skipWhitespace()
        let first = position
        let isNegative = signed && current == UInt8(ascii: "-")
        let digits = first + (isNegative ? 1 : 0)
        var end = digits
        var value = 0
        // The digit at which the number left the range of 64 bits.
        var overflow: Int?
        while end < bytes.count {
            let digit = bytes[end] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
            // Negative digits are subtracted, because the range has one more number below zero than above.
            let (sum, carried) =
                isNegative
                ? shifted.subtractingReportingOverflow(Int(digit))
                : shifted.addingReportingOverflow(Int(digit))
            if overflowed || carried, overflow == nil { overflow = end }
            value = sum
            end += 1
        }
        func wrong(_ expected: JSONFault.Expected, at offset: Int) -> JSONFault {
            fault(expected, token: first, at: offset, stop: end)
        }
        if let overflow { throw wrong(.smallerNumber, at: overflow) }
        guard end > digits else { throw wrong(.wholeNumber, at: first) }
        guard end == digits + 1 || bytes[digits] != UInt8(ascii: "0") else {
            throw wrong(.noLeadingZeros, at: first)
        }
        if let byte = byte(at: end), byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
            throw wrong(.wholeNumber, at: end)
        }
        position = end
        return value
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
