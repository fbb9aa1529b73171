/// What a request wants of a label set.
struct LabelQuestion: Sendable {
    let labels: LabelSet
    /// How many of the best labels are told.
    let top: Int
    /// Whether prompts that are too long are cut instead of refused.
    let truncating: Bool

    /// - Parameter top: at least one; nil for all labels.
    init(_ labels: LabelSet, top: Int?, truncating: Bool) {
        self.labels = labels
        self.top = min(labels.labels.count, max(1, top ?? .max))
        self.truncating = truncating
    }

    /// Bytes of one item's predictions.
    var byteCountOfItem: Int { top * MemoryLayout<Prediction>.stride + 64 }

    /// Bytes of the prompts with their tokens, their embeddings, and the sums of those.
    func promptBytes(by model: LoadedModel) -> Int {
        2 * labels.promptByteCount + labels.promptCount * model.bytesOfEmbedding
            + labels.labels.count * 2 * model.bytesOfEmbedding
    }

    /// The multiplications that rank all labels for so many items.
    func rankings(of items: Int, by model: LoadedModel) -> Int {
        items * labels.labels.count * model.description.embeddingWidth
    }
}

extension LoadedModel {
    /// Bytes of one embedding with its array's header, which also cover its tokens.
    var bytesOfEmbedding: Int { description.embeddingWidth * MemoryLayout<Float>.size + 64 }
}
