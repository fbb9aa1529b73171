import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("Tokens that the tokenizer knows and the network does not", .timeLimit(.minutes(5)))
struct TypedTokenTests {
    /// An engine over a tiny SigLIP whose tokenizer knows more than its network has rows for.
    private func withEngine(
        _ model: PieceModel = PieceModel(),
        _ body: (EmbeddingEngine) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-typed-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try model.write(to: directory)
        var configuration = EngineConfiguration(
            models: [ModelSource(name: "tiny", directory: directory)],
            cores: 2
        )
        configuration.precision = .f32
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        try await body(engine)
    }

    private static let rows = PieceModel.pieces

    @Test("A text with one is refused by its place and the token's name, and nobody else's")
    func refusal() async throws {
        try await withEngine { engine in
            await #expect(
                throws: EmbeddingError.textBeyondVocabulary(
                    index: 1,
                    token: "<extra_id_6>",
                    rows: Self.rows
                )
            ) {
                try await engine.embed(texts: ["a cat", "a cat <extra_id_6>", "<extra_id_5>"])
            }
            await #expect(
                throws: EmbeddingError.textBeyondVocabulary(
                    index: 2,
                    token: "<extra_id_5>",
                    rows: Self.rows
                )
            ) {
                let prompts = ["a dog", "<extra_id_5>"].map(ComparisonItem.text)
                _ = try await engine.compare(subject: .text("a cat"), prompts: prompts)
            }
            let fine = try await engine.embed(texts: ["a cat"]).embeddings
            // Side by side with those that are refused, in whatever batches come about.
            let answers = await withTaskGroup(of: (Bool, [Embedding]?).self) { group in
                for number in 0..<60 {
                    let isBad = number.isMultiple(of: 3)
                    group.addTask {
                        let text = isBad ? "<extra_id_5> \(number)" : "a cat"
                        return (isBad, try? await engine.embed(texts: [text]).embeddings)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 60)
            #expect(
                answers.allSatisfy { isBad, embeddings in isBad ? embeddings == nil : embeddings == fine }
            )
        }
    }

    @Test("What is cut off a text does not count, what is left of it does")
    func cut() async throws {
        try await withEngine { engine in
            let long = Array(repeating: "cat", count: 40).joined(separator: " ")
            let expected = try await engine.embed(texts: [long], truncating: true).embeddings
            let found = try await engine.embed(texts: [long + " <extra_id_5>"], truncating: true).embeddings
            #expect(found == expected)
            await #expect(
                throws: EmbeddingError.textBeyondVocabulary(
                    index: 0,
                    token: "<extra_id_5>",
                    rows: Self.rows
                )
            ) {
                try await engine.embed(texts: ["<extra_id_5> " + long], truncating: true)
            }
            // Length is told first, since cutting may be all that it takes.
            await #expect {
                try await engine.embed(texts: ["<extra_id_5> " + long])
            } throws: { error in
                guard case .textTooLong? = error as? EmbeddingError else { return false }
                return true
            }
        }
    }

    @Test("One that the network has a row for is a token like others")
    func known() async throws {
        var model = PieceModel()
        model.rows = Self.rows + 1
        try await withEngine(model) { engine in
            let embeddings = try await engine.embed(texts: ["a cat", "<extra_id_5>"]).embeddings
            #expect(embeddings.count == 2)
            await #expect(
                throws: EmbeddingError.textBeyondVocabulary(
                    index: 0,
                    token: "<extra_id_6>",
                    rows: Self.rows + 1
                )
            ) {
                try await engine.embed(texts: ["<extra_id_6>"])
            }
        }
    }

    @Test(
        "A text that the tokenizer's files lengthen without measure is refused by its place, and nobody else's"
    )
    func lengthened() async throws {
        var model = PieceModel()
        model.tokenizerClass = "PreTrainedTokenizerFast"
        let letters = String(repeating: "q", count: 200)
        let step = #"{"type":"Replace","pattern":{"String":"q"},"content":"\#(letters)"}"#
        model.step = "\(step),\(step)"
        try await withEngine(model) { engine in
            let fine = try await engine.embed(texts: ["a cat"]).embeddings
            #expect(fine.count == 1)
            await #expect(throws: EmbeddingError.textLengthened(index: 1)) {
                try await engine.embed(texts: ["a cat", "qqqqqqqqqq"], truncating: true)
            }
        }
    }

    @Test(
        "A model is refused whose every text would have one",
        arguments: [
            ("</s>", "<extra_id_5>", "fills texts up with token 779"),
            ("<extra_id_6>", "<pad>", "ends every text with token 780"),
        ]
    )
    func standing(end: String, padding: String, words: String) async throws {
        var model = PieceModel()
        (model.end, model.padding) = (end, padding)
        await #expect {
            try await withEngine(model) { _ in }
        } throws: { error in
            guard case .modelUnavailable("tiny", let cause) = error as? EmbeddingError else { return false }
            return cause.contains(words) && cause.contains("knows 779 tokens only")
                && Words.faults(of: cause) == []
        }
        model.rows = Self.rows + 2
        try await withEngine(model) { engine in
            let embeddings = try await engine.embed(texts: ["a cat"]).embeddings
            #expect(embeddings.count == 1)
        }
    }
}
