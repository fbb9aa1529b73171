internal import Foundation

/// Writes the few JSON texts that the subcommands print.
///
/// Numbers have the fewest digits that read back as the same number.
package enum JSONText {
    /// A string with quotes and escapes.
    package static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // A byte of a file name that is not UTF-8 is written as Python does it: `os.fsencode` restores it.
            case _ where FileName.byte(scalar) != nil:
                quoted += String(format: "\\udc%02x", FileName.byte(scalar) ?? 0)
            // U+2028 and U+2029 are escaped, because some readers take them for line ends.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                quoted += String(format: "\\u%04x", scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// An array of numbers.
    package static func numbers(_ values: [Float]) -> String {
        "[" + values.map(number).joined(separator: ",") + "]"
    }

    /// A number; null if it is not finite.
    package static func number(_ value: Float) -> String {
        value.isFinite ? "\(value)" : "null"
    }

    /// A number in double precision; null if it is not finite.
    package static func number(_ value: Double) -> String {
        value.isFinite ? "\(value)" : "null"
    }
}
