import CLIPEngine
import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

extension EmbeddingEngineTests {
    private struct Enough: Error, Equatable {
        let index: Int
    }

    @Test("A pipeline hands on each input's embedding or fault, in the inputs' order")
    func pipeline() async throws {
        try await withEngine(names: ["tiny", "other"]) { engine in
            let texts = (0..<150).map { "caption \($0)" }
            let expected =
                try await engine.embed(texts: Array(texts.prefix(100))).embeddings
                + engine.embed(texts: Array(texts.suffix(50))).embeddings
            var inputs = texts.map(EmbeddingPipeline.Input.text)
            inputs[3] = .image(file: "/nowhere")
            inputs[90] = .image(file: Fixture.url("imaging/png-rgb.png").path)
            let picture = try await engine.embed(images: [.encoded(try picture())]).embeddings[0]
            var order: [Int] = []
            let pipeline = EmbeddingPipeline(engine: engine, model: "other")
            try await pipeline.embed(inputs) { index, result throws in
                order.append(index)
                switch index {
                case 3:
                    let fault = #expect(throws: EmbeddingPipeline.Fault.self) { try result.get() }
                    #expect(fault == .unreadable(.unreadable(.file, cause: SystemCause(code: ENOENT))))
                    #expect(fault?.isTheInputs == true)
                case 90: #expect(try result.get().cosineSimilarity(to: picture) > 0.9999)
                default: #expect(try result.get().cosineSimilarity(to: expected[index]) > 0.9999)
                }
            }
            #expect(order == Array(inputs.indices))
        }
    }

    @Test("What the receiver throws ends a pipeline, as the error that it is")
    func pipelineEnds() async throws {
        try await withEngine { engine in
            var received = 0
            let inputs = (0..<200).map { EmbeddingPipeline.Input.text("caption \($0)") }
            do throws(Enough) {
                try await EmbeddingPipeline(engine: engine).embed(inputs) { (index, _) throws(Enough) in
                    received += 1
                    if index == 5 { throw Enough(index: index) }
                }
                Issue.record("The work went on.")
            } catch {
                #expect(error == Enough(index: 5))
            }
            #expect(received == 6)
        }
    }

    @Test("A model that is not there is no input's fault")
    func pipelineWithoutModel() async throws {
        try await withEngine { engine in
            var faults: [EmbeddingPipeline.Fault] = []
            await EmbeddingPipeline(engine: engine, model: "nobody").embed([.text("a cat")]) { _, result in
                if case .failure(let fault) = result { faults.append(fault) }
            }
            #expect(faults == [.refused(.unknownModel("nobody"))])
            #expect(faults.allSatisfy { !$0.isTheInputs })
        }
    }

    @Test("A pipeline's faults are the sentences of what is beneath")
    func pipelineWords() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "unreadable": EmbeddingPipeline.Fault.unreadable(.zeroBytes(name: "a.txt")),
            "refused": EmbeddingPipeline.Fault.refused(.noTexts),
        ]
        let file = "CLIPEngine/Files/EmbeddingPipeline.swift"
        #expect(try Words.complaints(of: samples, type: "Fault", in: file) == [])
    }
}
