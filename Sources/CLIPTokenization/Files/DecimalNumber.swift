/// Converts decimal numbers to the nearest float, quickly: a vocabulary has a million of them.
enum DecimalNumber {
    private static let powers: [Double] = (0...22).map { exponent in
        // This is exact, as every power of ten up to the 22nd is a double.
        (0..<exponent).reduce(1) { value, _ in value * 10 }
    }

    /// The float nearest to a JSON number; nil if it is not a number or too large.
    static func float(_ text: ArraySlice<UInt8>) -> Float? {
        if let quick = quickly(text) { return quick }
        guard let value = Double(String(decoding: text, as: UTF8.self)), Float(value).isFinite else {
            return nil
        }
        return Float(value)
    }

    /// Converts numbers of up to 19 digits without an exponent.
    ///
    /// It gives nil if the double's error might change the rounding, because the double lies next to the middle between
    /// two floats.
    private static func quickly(_ text: ArraySlice<UInt8>) -> Float? {
        var mantissa: UInt64 = 0
        var (digits, decimals) = (0, 0)
        var (isNegative, isBehindPoint) = (false, false)
        for (place, byte) in text.enumerated() {
            switch byte {
            case 0x30...0x39:
                guard digits < 19 else { return nil }
                mantissa = mantissa * 10 + UInt64(byte - 0x30)
                if mantissa > 0 { digits += 1 }
                if isBehindPoint { decimals += 1 }
            case 0x2D where place == 0: isNegative = true
            case 0x2E where !isBehindPoint: isBehindPoint = true
            default: return nil
            }
        }
        guard digits > 0, decimals <= 22 else { return nil }
        let value = Double(mantissa) / powers[decimals]
        // A float has 29 bits fewer; the double is wrong by at most two units of its last place.
        let rest = value.significandBitPattern & 0x1FFF_FFFF
        guard value >= 1e-30, abs(Int64(rest) - 0x1000_0000) > 8 else { return nil }
        return isNegative ? -Float(value) : Float(value)
    }
}
