extension String {
    /// The text with U+FFFD for its control characters, which a terminal would obey, and `\xE9` for a byte of a file's
    /// name that is no UTF-8: names of files and what stands in them may hold any.
    package var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            if let byte = FileName.byte(scalar) {
                text += "\\x" + String(byte, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(
                    scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
                )
            }
        }
        return text
    }

    /// The text with `\xE9` for a byte of an argument that is no UTF-8, and otherwise as it is.
    var withReadableBytes: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    guard let byte = FileName.byte(scalar) else { return [scalar] }
                    return Array(("\\x" + String(byte, radix: 16, uppercase: true)).unicodeScalars)
                }
            )
        )
    }
}
