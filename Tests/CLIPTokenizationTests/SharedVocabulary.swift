import CLIPTokenization

/// The embedded vocabulary, read once for all tests: a debug build takes a while to.
enum SharedVocabulary {
    static let openAI = Result { try Vocabulary.openAI() }
}
