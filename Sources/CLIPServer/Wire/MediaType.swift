/// The type in a Content-Type field.
package struct MediaType: Equatable, Sendable {
    /// The type in lower case, such as `image/jpeg`.
    package let name: String
    /// The boundary between the parts of a multipart body.
    package let boundary: String?

    /// - Returns: nil if the field is absent or names no type.
    package init?(_ field: String?) {
        guard let field, field.utf8.count <= 1024 else { return nil }
        var pieces = Self.pieces(of: field)[...]
        guard let name = pieces.popFirst()?.lowercased(), name.split(separator: "/").count == 2 else {
            return nil
        }
        self.name = name
        boundary = pieces.lazy.compactMap { Self.parameter("boundary", in: $0) }.first
    }

    /// Whether the body is a picture, or bytes of an unspecified type.
    package var isPicture: Bool { name.hasPrefix("image/") || name == "application/octet-stream" }

    /// The value of a parameter such as `boundary="a b"`.
    static func parameter(_ name: String, in piece: String) -> String? {
        let halves = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, trimmed(halves[0]).lowercased() == name else { return nil }
        let value = trimmed(halves[1])
        guard value.utf8.count >= 2, value.first == "\"", value.last == "\"" else { return value }
        return String(value.dropFirst().dropLast()).replacing("\\\"", with: "\"")
    }

    /// The pieces between unquoted semicolons, without the blanks around them.
    static func pieces(of field: String) -> [String] {
        var pieces = [""]
        var isQuoted = false
        var isEscaped = false
        for character in field.unicodeScalars {
            if !isQuoted, character == ";" {
                pieces.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && character == "\\" && !isEscaped
            pieces[pieces.count - 1].unicodeScalars.append(character)
        }
        return pieces.map { trimmed($0[...]) }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
