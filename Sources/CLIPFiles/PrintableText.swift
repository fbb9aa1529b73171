extension String {
    /// The text made safe for a terminal.
    ///
    /// Control characters, which a terminal would obey, become U+FFFD. A byte of a file name that is not UTF-8 is shown
    /// as `\xE9`. Names of files, and what is written in them, may hold either.
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

    /// The text with each of its lines made printable, for messages that may repeat an argument.
    package var printableLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
            .joined(separator: "\n")
    }
}
