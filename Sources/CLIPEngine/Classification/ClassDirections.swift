/// The direction of each class: the mean of its prompts' embeddings at length one, itself brought to length one.
///
/// The source is OpenAI's CLIP (`notebooks/Prompt_Engineering_for_ImageNet.ipynb`); every synonym is put into every
/// template.
package struct ClassDirections: Sendable {
    private let classes: Int
    private var width = 0
    private var sums: [Double] = []  // (classes, width)

    package init(classes: Int) {
        self.classes = classes
    }

    /// Adds a prompt of one class.
    package mutating func add(_ prompt: Embedding, to class: Int) {
        let direction = prompt.normalized.values
        if sums.isEmpty {
            width = direction.count
            sums = Array(repeating: 0, count: classes * width)
        }
        precondition(direction.count == width, "All prompts come from one model.")
        let first = `class` * width
        for index in 0..<width { sums[first + index] += Double(direction[index]) }
    }

    /// The directions, one row a class.
    ///
    /// The sum is not divided, because it has the direction of the mean.
    package var table: EmbeddingTable {
        var table = EmbeddingTable()
        table.reserve(classes, width: width)
        for first in stride(from: 0, to: sums.count, by: max(1, width)) {
            table.append(Embedding(values: sums[first..<first + width].map { Float($0) }))
        }
        return table
    }
}
