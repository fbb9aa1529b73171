/// Unicode's categories as Hugging Face's tokenizers know them: those of Unicode 8, without newer characters.
enum CategoryTable {
    private static let newestUnicode = 8

    /// The category of a scalar; nil if it was not assigned in Unicode 8.
    static func category(_ scalar: UInt32) -> Unicode.GeneralCategory? {
        // These scalars have another category since then.
        switch scalar {
        case 0x166D, 0x111C9: return .otherPunctuation
        case 0x1734, 0x1171E: return .nonspacingMark
        case 0x1885, 0x1886: return .otherLetter
        case 0xA9BD: return .spacingMark
        default: break
        }
        guard let properties = Unicode.Scalar(scalar)?.properties, let age = properties.age,
            age.major <= newestUnicode
        else { return nil }
        return properties.generalCategory
    }
}
