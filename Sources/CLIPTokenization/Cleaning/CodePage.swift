/// A single-byte encoding in which UTF-8 text may have been read by mistake.
package struct CodePage: Sendable {
    /// Whether this is one of ftfy's sloppy encodings.
    ///
    /// In those, a byte without a character stands for the control character of its number, and byte 0x1A for the
    /// replacement character.
    let isSloppy: Bool

    private let upperHalf: [UInt32]
    private let bytes: ScalarMap<UInt8>

    private static let substitute: UInt32 = 0x1A
    private static let replacement: UInt32 = 0xFFFD

    private init(_ table: String, isSloppy: Bool) {
        self.isSloppy = isSloppy
        upperHalf = PackedNumbers.read(table)
        precondition(upperHalf.count == 128, "A code page has 128 characters above ASCII.")
        var bytes = ScalarMap<UInt8>(0)
        for (offset, scalar) in upperHalf.enumerated() { bytes[scalar] = UInt8(0x80 + offset) }
        if isSloppy { bytes[Self.replacement] = UInt8(Self.substitute) }
        self.bytes = bytes
    }

    static let windows1252 = CodePage(TextTables.windows1252, isSloppy: true)
    static let macRoman = CodePage(TextTables.macroman, isSloppy: false)

    /// Every page except Latin-1, in the order in which ftfy tries them.
    static let afterLatin1 = [
        (page: windows1252, restoresSpaces: true),
        (page: CodePage(TextTables.windows1251, isSloppy: true), restoresSpaces: true),
        (page: CodePage(TextTables.windows1250, isSloppy: true), restoresSpaces: true),
        (page: CodePage(TextTables.windows1253, isSloppy: true), restoresSpaces: true),
        (page: CodePage(TextTables.windows1254, isSloppy: true), restoresSpaces: true),
        (page: CodePage(TextTables.windows1257, isSloppy: true), restoresSpaces: true),
        (page: CodePage(TextTables.iso8859part2, isSloppy: false), restoresSpaces: true),
        // In MacRoman an en dash and a space would look like a sequence that lost its byte A0.
        (page: macRoman, restoresSpaces: false),
        (page: CodePage(TextTables.cp437, isSloppy: false), restoresSpaces: true),
    ]

    /// The character of a byte.
    func scalar(for byte: UInt8) -> UInt32 {
        byte < 0x80 ? UInt32(byte) : upperHalf[Int(byte) - 0x80]
    }

    /// The bytes that this page would have read as the text; nil if the page lacks one of its characters.
    func encoded(_ text: [UInt32]) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        for scalar in text {
            if scalar < 0x80, scalar != Self.substitute || !isSloppy {
                out.append(UInt8(scalar))
            } else {
                let byte = bytes[scalar]
                guard byte != 0 else { return nil }
                out.append(byte)
            }
        }
        return out
    }
}
