/// The sender's trace that a request belongs to, from W3C Trace Context's `traceparent` field.
///
/// It is only logged; the server ignores whether the trace is sampled.
package struct TraceParent: Equatable, Sendable {
    /// 32 hexadecimal digits.
    package let trace: String
    /// 16 hexadecimal digits: the sender's span in the trace.
    package let span: String

    /// Nil if the field is invalid, missing or repeated.
    ///
    /// Source: W3C Recommendation "Trace Context" (2021), 3.2: lower case only, no identifier of zeros, no version ff;
    /// later versions may add more after another hyphen.
    package init?(_ fields: [String]) {
        guard fields.count == 1 else { return nil }
        let bytes = Array(fields[0].utf8)
        guard bytes.count >= 55, bytes[2] == Self.hyphen, bytes[35] == Self.hyphen, bytes[52] == Self.hyphen,
            Self.isHexadecimal(bytes[..<2]), bytes[..<2] != [0x66, 0x66],
            Self.isHexadecimal(bytes[3..<35]), bytes[3..<35].contains(where: { $0 != UInt8(ascii: "0") }),
            Self.isHexadecimal(bytes[36..<52]), bytes[36..<52].contains(where: { $0 != UInt8(ascii: "0") }),
            Self.isHexadecimal(bytes[53..<55])
        else { return nil }
        let isFirstVersion = bytes[..<2] == [UInt8(ascii: "0"), UInt8(ascii: "0")]
        guard bytes.count == 55 || !isFirstVersion && bytes[55] == Self.hyphen else { return nil }
        trace = String(decoding: bytes[3..<35], as: UTF8.self)
        span = String(decoding: bytes[36..<52], as: UTF8.self)
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isHexadecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
            default: false
            }
        }
    }
}
