/// A caption as a network reads it: its tokens, the special ones around them, and what fills them up where the recipe says so.
public struct TokenSequence: Hashable, Sendable {
    /// Token ids.
    public let ids: [Int32]

    package init(ids: [Int32]) {
        self.ids = ids
    }
}
