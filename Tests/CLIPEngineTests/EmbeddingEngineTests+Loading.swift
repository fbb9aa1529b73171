import CLIPEngine
import CLIPKernels
import CLIPTestSupport
import Foundation
import Testing

extension EmbeddingEngineTests {
    @Test(
        "Each precision says what runs, computes about the same, and is refused where the processor lacks it",
        arguments: Precision.allCases
    )
    func precisions(precision: Precision) async throws {
        let texts = ["a photo of a cat", "a", "빨간 공"]
        var exact: [Embedding] = []
        try await withEngine { exact = try await $0.embed(texts: texts).embeddings }
        let native = try ComputeEngine()
        let expected: NumberFormat
        do throws(EmbeddingError) {
            expected = try precision.format(where: native.isNative)
        } catch let refusal {
            await #expect(throws: refusal) {
                try await self.withEngine(changing: { $0.precision = precision }) { _ in }
            }
            return
        }
        try await withEngine(changing: { $0.precision = precision }) { engine in
            #expect(engine.models[0].precision.rawValue == expected.rawValue)
            let found = try await engine.embed(texts: texts).embeddings
            for (found, exact) in zip(found, exact) {
                #expect(found.cosineSimilarity(to: exact) > (expected == .int8 ? 0.99 : 0.999))
            }
            #expect((found == exact) == (expected == .f32), "Another format has other digits.")
        }
    }

    @Test("A second start takes the packed weights of the first, and none that are damaged")
    func packedCopies() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-packed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        func start(leastBytes: Int = 0) async throws -> (ModelDescription, [Embedding]) {
            var found: (ModelDescription, [Embedding])?
            try await withEngine(changing: {
                ($0.packedCacheDirectory, $0.leastPackedBytes) = (directory.path, leastBytes)
            }) { engine in
                found = (engine.models[0], try await engine.embed(texts: ["a cat", "a dog"]).embeddings)
            }
            return try #require(found)
        }
        func copies() throws -> [URL] {
            try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "safetensors" }
        }
        let (_, expected) = try await start(leastBytes: 1 << 40)
        #expect(!FileManager.default.fileExists(atPath: directory.path), "A small checkpoint leaves nothing.")

        // Every start is of a checkpoint at another path, with the same bytes.
        for isKnown in [false, true] {
            let (model, embeddings) = try await start()
            #expect(model.isFromPackedCopy == isKnown && model.packedCopyProblem == nil)
            #expect(embeddings == expected)
            #expect(try copies().count == 1)
        }
        var bytes = try Data(contentsOf: copies()[0])
        bytes[bytes.count / 2] ^= 4
        try bytes.write(to: copies()[0])
        let (damaged, remade) = try await start()
        #expect(!damaged.isFromPackedCopy && damaged.packedCopyProblem != nil && remade == expected)
        let (last, again) = try await start()
        #expect(last.isFromPackedCopy && last.packedCopyProblem == nil && again == expected)
    }

    @Test("Packed weights that cannot be kept are told, and are no fault")
    func unwritablePackedCopies() async throws {
        let elsewhere: (inout EngineConfiguration) -> Void = {
            ($0.packedCacheDirectory, $0.leastPackedBytes) = ("/dev/null/copies", 0)
        }
        try await withEngine(changing: elsewhere) { engine in
            let model = engine.models[0]
            #expect(!model.isFromPackedCopy)
            #expect(model.packedCopyProblem?.contains("/dev/null/copies") == true)
            let embeddings = try await engine.embed(texts: ["a cat"]).embeddings
            #expect(embeddings.count == 1)
        }
    }
}
