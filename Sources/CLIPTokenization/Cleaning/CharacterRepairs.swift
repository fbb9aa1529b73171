/// ftfy's fixes that look at a single character or at a few neighbours.
package enum CharacterRepairs {
    /// `fix_c1_controls`: control characters of U+0080 to U+009F become Windows-1252's characters of the same number.
    package static func replacingC1Controls(_ text: [UInt32]) -> [UInt32] {
        guard text.contains(where: { 0x80...0x9F ~= $0 }) else { return text }
        return text.map { 0x80...0x9F ~= $0 ? CodePage.windows1252.scalar(for: UInt8($0)) : $0 }
    }

    /// `fix_latin_ligatures`: single characters that stand for several Latin letters become those letters.
    package static func separatingLigatures(_ text: [UInt32]) -> [UInt32] {
        replacing(in: text, between: 0x132, and: 0xFB06) { letters(ofLigature: $0) }
    }

    /// `fix_character_width`: characters of unusual width become the usual ones.
    ///
    /// These are full-width letters, half-width katakana and Hangul, and the ideographic space.
    package static func normalizingWidth(_ text: [UInt32]) -> [UInt32] {
        replacing(in: text, between: 0x3000, and: 0xFFEE) { scalar in
            switch scalar {
            case 0x3000: [0x20]
            case 0xFF01...0xFFEE: widths[Int(scalar - 0xFF01)]
            default: nil
            }
        }
    }

    /// `uncurl_quotes`: curly quotation marks become straight ones.
    package static func straighteningQuotes(_ text: [UInt32]) -> [UInt32] {
        guard text.contains(where: { $0 >= 0x2BC }) else { return text }
        return text.map { scalar in
            switch scalar {
            case 0x2BC, 0x2018...0x201B: 0x27
            case 0x201C...0x201F: 0x22
            default: scalar
            }
        }
    }

    /// `fix_line_breaks`: every kind of line end becomes a line feed.
    package static func normalizingLineBreaks(_ text: [UInt32]) -> [UInt32] {
        guard text.contains(where: { isOtherLineBreak($0) }) else { return text }
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            if scalar == 0x0A, index > 0, text[index - 1] == 0x0D { continue }
            out.append(isOtherLineBreak(scalar) ? 0x0A : scalar)
        }
        return out
    }

    /// `remove_terminal_escapes`: removes the sequences that colour text on a terminal.
    package static func removingTerminalEscapes(_ text: [UInt32]) -> [UInt32] {
        guard var index = text.firstIndex(of: 0x1B) else { return text }
        var out = Array(text[..<index])
        while index < text.count {
            if let end = endOfTerminalEscape(text, at: index) {
                index = end
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    /// `remove_control_chars`: removes characters that show nothing and mean nothing.
    ///
    /// Joiners and direction marks stay.
    package static func removingControls(_ text: [UInt32]) -> [UInt32] {
        text.contains(where: { isControl($0) }) ? text.filter { !isControl($0) } : text
    }

    private static func replacing(
        in text: [UInt32],
        between lowest: UInt32,
        and highest: UInt32,
        by replacement: (UInt32) -> [UInt32]?
    ) -> [UInt32] {
        guard let start = text.firstIndex(where: { lowest...highest ~= $0 && replacement($0) != nil }) else {
            return text
        }
        var out = Array(text[..<start])
        for scalar in text[start...] {
            if lowest...highest ~= scalar, let characters = replacement(scalar) {
                out.append(contentsOf: characters)
            } else {
                out.append(scalar)
            }
        }
        return out
    }

    private static func letters(ofLigature scalar: UInt32) -> [UInt32]? {
        let letters: String
        switch scalar {
        case 0x132: letters = "IJ"
        case 0x133: letters = "ij"
        case 0x149: letters = "\u{2BC}n"
        case 0x1C4: letters = "D\u{17D}"
        case 0x1C5: letters = "D\u{17E}"
        case 0x1C6: letters = "d\u{17E}"
        case 0x1C7: letters = "LJ"
        case 0x1C8: letters = "Lj"
        case 0x1C9: letters = "lj"
        case 0x1CA: letters = "NJ"
        case 0x1CB: letters = "Nj"
        case 0x1CC: letters = "nj"
        case 0x1F1: letters = "DZ"
        case 0x1F2: letters = "Dz"
        case 0x1F3: letters = "dz"
        case 0xFB00: letters = "ff"
        case 0xFB01: letters = "fi"
        case 0xFB02: letters = "fl"
        case 0xFB03: letters = "ffi"
        case 0xFB04: letters = "ffl"
        case 0xFB05: letters = "\u{17F}t"
        case 0xFB06: letters = "st"
        default: return nil
        }
        return letters.unicodeScalars.map(\.value)
    }

    /// The replacements of U+FF01 to U+FFEE; nil for characters that stay.
    private static let widths: [[UInt32]?] = {
        var widths: [[UInt32]?] = Array(repeating: nil, count: 0xFFEE - 0xFF01 + 1)
        let numbers = PackedNumbers.read(TextTables.widths)
        var index = 0
        while index < numbers.count {
            let (scalar, count) = (numbers[index], Int(numbers[index + 1]))
            if scalar != 0x3000 {
                widths[Int(scalar - 0xFF01)] = Array(numbers[(index + 2)..<(index + 2 + count)])
            }
            index += 2 + count
        }
        return widths
    }()

    private static let decimalDigits = ScalarSet(packed: TextTables.decimalDigits)

    /// The end of a terminal's escape sequence; nil if none begins here.
    ///
    /// A sequence is ESC `[`, any number of semicolons and digits (of any script, as in the reference), and one Latin
    /// letter.
    private static func endOfTerminalEscape(_ text: [UInt32], at start: Int) -> Int? {
        guard text[start] == 0x1B, start + 1 < text.count, text[start + 1] == 0x5B else { return nil }
        var index = start + 2
        while index < text.count, text[index] == 0x3B || decimalDigits.contains(text[index]) { index += 1 }
        guard index < text.count else { return nil }
        return 0x41...0x5A ~= text[index] || 0x61...0x7A ~= text[index] ? index + 1 : nil
    }

    private static func isOtherLineBreak(_ scalar: UInt32) -> Bool {
        scalar == 0x0D || scalar == 0x85 || scalar == 0x2028 || scalar == 0x2029
    }

    private static func isControl(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }
}
