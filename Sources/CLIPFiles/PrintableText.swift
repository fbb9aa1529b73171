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

    /// The text's lines, each printable: what a command ends with may repeat an argument.
    package var printableLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
            .joined(separator: "\n")
    }
}
