import CLIPEngine
import Testing

@Suite("Embeddings")
struct EmbeddingTests {
    @Test(
        "Cosine similarity is that of the definition",
        arguments: [
            ([1, 0], [0, 1], 0),
            ([1, 2, 3], [2, 4, 6], 1),
            ([1, 2, 3], [-1, -2, -3], -1),
            ([3, 4], [4, 3], 0.96),
        ] as [([Float], [Float], Float)]
    )
    func cosine(a: [Float], b: [Float], expected: Float) {
        #expect(Embedding(values: a).cosineSimilarity(to: Embedding(values: b)) == expected)
    }

    @Test("Cosine similarity does not overflow where the floats' squares would")
    func large() {
        let large = Embedding(values: [3e30, 4e30])
        #expect(large.cosineSimilarity(to: large) == 1)
    }

    @Test("A zero embedding has no direction")
    func zero() {
        let zero = Embedding(values: [0, 0])
        #expect(zero.cosineSimilarity(to: Embedding(values: [1, 0])).isNaN)
    }

    @Test("A normalised embedding keeps its direction and has length one")
    func normalized() {
        #expect(Embedding(values: [3, -4]).normalized == Embedding(values: [0.6, -0.8]))
    }
}
