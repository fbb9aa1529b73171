extension EmbeddingError {
    /// The place of the item that an error is about, given that the engine counts images and texts apart; nil if it is
    /// about none.
    package func position(among items: [ComparisonItem]) -> Int? {
        let (index, isOfImages): (Int?, Bool) =
            if case .image(let index, _) = self { (index, true) } else { (textIndex, false) }
        guard let index else { return nil }
        let positions = items.indices.filter { items[$0].isImage == isOfImages }
        return positions.indices.contains(index) ? positions[index] : nil
    }
}

extension ComparisonItem {
    fileprivate var isImage: Bool {
        if case .image = self { true } else { false }
    }
}
