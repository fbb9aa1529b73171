internal import CLIPFiles
internal import Foundation

/// The few JSON texts that the subcommands print.
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
            // A byte of a file's name that is no UTF-8, as Python writes it: `os.fsencode` turns it back.
            case _ where FileName.byte(scalar) != nil:
                quoted += String(format: "\\udc%02x", FileName.byte(scalar) ?? 0)
            // The two of these that end lines for some readers of them.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                quoted += String(format: "\\u%04x", scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// An array of numbers.
    static func numbers(_ values: [Float]) -> String {
        "[" + values.map(number).joined(separator: ",") + "]"
    }

    /// One number; null where JSON has none.
    static func number(_ value: Float) -> String {
        value.isFinite ? "\(value)" : "null"
    }

    /// One number in double precision; null where JSON has none.
    static func number(_ value: Double) -> String {
        value.isFinite ? "\(value)" : "null"
    }
}
