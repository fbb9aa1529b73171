/// A caption as a model reads it: start-of-text, the caption's tokens, end-of-text, and no padding.
public struct TokenSequence: Hashable, Sendable {
    /// Token ids; at least two.
    public let ids: [Int32]

    package init(ids: [Int32]) {
        self.ids = ids
    }
}
