/// A caption as a network reads it: its tokens, the special tokens around them and, if the recipe asks for it, padding.
public struct TokenSequence: Hashable, Sendable {
    /// The token ids, in order.
    public let ids: [Int32]

    package init(ids: [Int32]) {
        self.ids = ids
    }
}
