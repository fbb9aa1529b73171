/// The characters that stand for bytes in a vocabulary.
///
/// Printable ones stand for themselves, and U+0100 and the following for the other bytes, so that no token holds white
/// space or a control character.
package enum ByteAlphabet {
    /// All bytes, in the order in which vocabularies number them.
    package static let bytes: [UInt8] = {
        let printable = (0x21...0x7E).map { $0 } + (0xA1...0xAC).map { $0 } + (0xAE...0xFF).map { $0 }
        let rest = (0...0xFF).filter { !printable.contains($0) }
        return (printable + rest).map { UInt8($0) }
    }()

    /// The suffix that a vocabulary writes after a token that ends a word.
    package static let endOfWord: [UInt8] = Array("</w>".utf8)

    /// The characters, in UTF-8, in the order of `bytes`.
    package static let characters: [[UInt8]] = bytes.enumerated().map { place, byte in
        UTF8Decoder.bytes([place < printableCount ? UInt32(byte) : UInt32(0x100 + place - printableCount)])
    }

    private static let printableCount = 188
}
