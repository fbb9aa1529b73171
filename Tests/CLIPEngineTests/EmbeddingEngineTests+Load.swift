import CLIPEngine
import CLIPTestSupport
import Testing

extension EmbeddingEngineTests {
    @Test(
        "A list of texts has the embeddings of each alone, with a cache and without, and leaves nothing reserved"
    )
    func lists() async throws {
        let texts = (0..<600).map { "caption number \($0 % 250)" }
        for cacheBytes in [0, 1 << 20] {
            try await withEngine {
                $0.textCacheBytes = cacheBytes
            } _: { engine in
                let list = try await engine.embed(texts: texts).embeddings
                #expect(list.count == texts.count)
                for index in [0, 1, 63, 64, 128, 249, 250, 599] {
                    let alone = try await engine.embed(texts: [texts[index]]).embeddings[0]
                    #expect(Closeness.relativeError(list[index].values, alone.values) < 1e-5)
                }
                #expect(engine.budget.used == 0 && engine.budget.highest > 0)
            }
        }
    }

    @Test("The first text of a list that is too long is the one that is told")
    func listFault() async throws {
        try await withEngine { engine in
            var texts = (0..<600).map { "caption number \($0)" }
            for index in [280, 130] { texts[index] = String(repeating: "word ", count: 100) }
            await #expect {
                try await engine.embed(texts: texts)
            } throws: { error in
                guard case .textTooLong(130, _, _)? = error as? EmbeddingError else { return false }
                return true
            }
            #expect(engine.budget.used == 0 && engine.budget.highest > 0)
        }
    }

    @Test("Images that are decoded at once hold no more than the budget, and nothing afterwards")
    func budget() async throws {
        try await withEngine {
            $0.memoryBudget = 64_000_000
        } _: { engine in
            let image = ImageSource.encoded(try picture())
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await engine.embed(images: [ImageSource](repeating: image, count: 8)).embeddings
                            .count
                    }
                }
                for try await count in group { #expect(count == 8) }
            }
            // The threads that decoded let go of the last picture a moment after its request ends.
            try await eventually { engine.budget.used == 0 }
            #expect((1...engine.budget.limit).contains(engine.budget.highest))
        }
    }
}
