package import CLIPEngine

/// The direction of each class: the mean of its prompts' embeddings at length one, itself brought to length one.
///
/// As OpenAI's CLIP does it (`notebooks/Prompt_Engineering_for_ImageNet.ipynb`), with every synonym in every template.
package struct ClassDirections: Sendable {
    private var sums: [[Double]]

    package init(classes: Int) {
        sums = Array(repeating: [], count: classes)
    }

    /// Adds a prompt of one class.
    package mutating func add(_ prompt: Embedding, to class: Int) {
        let direction = prompt.normalized.values
        if sums[`class`].isEmpty { sums[`class`] = Array(repeating: 0, count: direction.count) }
        for (index, value) in direction.enumerated() { sums[`class`][index] += Double(value) }
    }

    /// A row for each class.
    ///
    /// The sum has the mean's direction.
    package var table: EmbeddingTable {
        var table = EmbeddingTable()
        for sum in sums { table.append(Embedding(values: sum.map { Float($0) })) }
        return table
    }
}
