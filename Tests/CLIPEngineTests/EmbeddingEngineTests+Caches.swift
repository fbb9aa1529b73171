import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

extension EmbeddingEngineTests {
    @Test(
        "Captions that begin alike have the embeddings that each has alone, also after many, and after a typed end"
    )
    func prefixes() async throws {
        let asked = ["a cat", "a cat on a mat", "a dog", "cat"]
        // A text ends at the end-of-text that somebody types; what comes after it is nobody's beginning.
        let typed = (0..<40).map { "cat <|endoftext|> dog \($0)" }
        let alike = (0..<40).map { "a cat on a mat, number \($0)" }
        let list = (0..<150).map { "a \(["cat", "dog", "mat"][$0 % 3]) number \(($0 * 7) % 150)" }
        let chosen = [0, 1, 77, 149]
        var alone: [Embedding] = []
        try await withEngine { engine in  // which has no cache
            for text in asked + chosen.map({ list[$0] }) {
                alone += try await engine.embed(texts: [text]).embeddings
            }
        }
        try await withEngine(changing: { $0.textCacheBytes = 1 << 20 }) { engine in
            for text in typed + alike { _ = try await engine.embed(texts: [text]) }
            for text in asked.reversed() { _ = try await engine.embed(texts: [text + " again"]) }
            var found = try await engine.embed(texts: asked).embeddings
            // A list, in whose order the embeddings come back.
            let all = try await engine.embed(texts: list).embeddings
            found += chosen.map { all[$0] }
            #expect(found.count == alone.count)
            for (one, other) in zip(found, alone) {
                #expect(Closeness.relativeError(one.values, other.values) < 1e-6)
            }
            engine.clearCaches()
            #expect(engine.cacheStatistics(of: "tiny")?.texts?.byteCount == 0)
        }
    }

    @Test("An answer from the caches is the one that was computed, bit for bit")
    func caches() async throws {
        let enabling: (inout EngineConfiguration) -> Void = {
            ($0.textCacheBytes, $0.imageCacheBytes) = (4_096, 1 << 20)
        }
        try await withEngine(changing: enabling) { engine in
            let image = ImageSource.encoded(try picture())
            let first = try await engine.embed(images: [image]).embeddings
            // The same bytes as base64: another way to send them, the same picture.
            let encoded = ImageSource.base64(Array(Data(try picture()).base64EncodedString().utf8)[...])
            #expect(try await engine.embed(images: [encoded, image]).embeddings == first + first)
            let texts = try await engine.embed(texts: ["a cat", "a dog", "A  CAT"]).embeddings
            #expect(texts[0] == texts[2] && texts[0] != texts[1])
            #expect(try await engine.embed(texts: ["a dog", "a cat"]).embeddings == [texts[1], texts[0]])
            var statistics = try #require(engine.cacheStatistics(of: "tiny"))
            #expect(statistics.images?.misses == 1 && statistics.images?.hits == 1)
            #expect(
                statistics.texts?.misses == 2 && statistics.texts?.shared == 1 && statistics.texts?.hits == 2
            )
            #expect(statistics.texts.map { $0.byteCount <= 4_096 && $0.limit == 4_096 } == true)
            engine.clearCaches()
            statistics = try #require(engine.cacheStatistics(of: "tiny"))
            #expect(statistics.texts?.entries == 0 && statistics.images?.entries == 0)
            #expect(try await engine.embed(images: [image]).embeddings == first)
            try engine.unload(model: "tiny")
            #expect(engine.cacheStatistics(of: "tiny") == nil)
        }
    }

    @Test("A damaged picture among cached ones is told with its place")
    func damagedPictureAmongCached() async throws {
        try await withEngine(changing: { $0.imageCacheBytes = 1 << 20 }) { engine in
            let good = ImageSource.encoded(try picture())
            _ = try await engine.embed(images: [good])
            await #expect(throws: EmbeddingError.image(index: 1, .unknownFormat(looksLike: nil))) {
                try await engine.embed(images: [good, .encoded([1, 2, 3])])
            }
            #expect(try await engine.embed(images: [good]).embeddings.count == 1)
        }
    }
}
