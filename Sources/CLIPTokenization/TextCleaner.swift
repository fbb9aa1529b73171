/// Cleans a caption as OpenAI CLIP does before it looks for words.
///
/// The steps are ftfy's repairs, HTML references resolved twice, white space collapsed, and lower case.
package enum TextCleaner {
    /// The caption's scalars, cleaned.
    ///
    /// Refuses a caption whose repair does not settle (`unsettledCaption`).
    package static func cleaned(_ caption: String) throws(TokenizationError) -> [UInt32] {
        var text = caption.unicodeScalars.map(\.value)
        text = try TextRepair.repaired(text)
        text = HTMLEntities.unescaped(HTMLEntities.unescaped(text))
        text = WhiteSpace.stripped(text)
        text = WhiteSpace.stripped(WhiteSpace.collapsed(text))
        return LowerCase.lowercased(text)
    }
}
