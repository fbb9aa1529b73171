extension String {
    /// The text with U+FFFD for its control characters, which a terminal would obey: names of files and what stands in
    /// them may hold any.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
            )
        )
    }
}
