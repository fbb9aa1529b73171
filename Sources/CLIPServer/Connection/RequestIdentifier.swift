/// The `x-request-id` of a request.
package enum RequestIdentifier {
    /// The client's own id if it is safe in a log line: 1 to 128 letters, digits, `-`, `_`, `.`, `:`, `+`, `/` or `=`.
    ///
    /// Otherwise a new id of 32 hexadecimal digits.
    ///
    /// Roboflow's official images echo any value; its server without them echoes only version 4 UUIDs.
    package static func choose(_ offered: String?) -> String {
        guard let offered, (1...128).contains(offered.utf8.count), offered.utf8.allSatisfy(isAllowed) else {
            return hexadecimal(.random(in: .min ... .max)) + hexadecimal(.random(in: .min ... .max))
        }
        return offered
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.:+/=".utf8.contains(byte)
        }
    }
}
