import CLIPEngine

/// The bodies of successful answers to Weaviate.
enum WeaviateAnswers {
    /// `textVectors` and `imageVectors`, of length one as that container's are.
    static func vectors(
        _ embeddings: [Embedding],
        texts: Int,
        unless isUnwanted: () -> Bool = { false }
    ) -> [UInt8] {
        JSONWriter.object { writer in
            let width = embeddings.first?.values.count ?? 0
            writer.reserve(embeddings.count * width * JSONWriter.mostBytesPerNumber)
            for (name, part) in [
                ("textVectors", embeddings.prefix(texts)), ("imageVectors", embeddings.dropFirst(texts)),
            ] {
                writer.member(name) { writer in
                    writer.array { writer in
                        for embedding in part where !isUnwanted() { writer.numbers(embedding.values) }
                    }
                }
            }
        }
    }
}
