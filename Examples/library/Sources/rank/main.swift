// Says which of some sentences fits a picture best.
//
// usage: rank MODEL_DIRECTORY PICTURE SENTENCE...

import CLIPEngine
import Foundation

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 3 else {
    print("usage: rank MODEL_DIRECTORY PICTURE SENTENCE...")
    exit(64)
}
let words = Array(arguments)
let model = ModelSource(name: "example", directory: words[0])
let cores = MachineProcessors.current.threads
let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: cores))
defer { engine.shutdown() }
try await engine.start()

let picture = [UInt8](try Data(contentsOf: URL(fileURLWithPath: words[1])))
let sentences = Array(words[2...])
do throws(EmbeddingError) {
    let image = try await engine.embed(images: [.encoded(picture)]).embeddings[0]
    let texts = try await engine.embed(texts: sentences).embeddings
    let ranked = zip(sentences, texts).map { ($0, image.cosineSimilarity(to: $1)) }.sorted { $0.1 > $1.1 }
    for (sentence, similarity) in ranked { print(String(format: "%.4f", similarity), sentence) }
} catch {
    // A sentence that says what is wrong and what helps.
    print(error.description)
    exit(1)
}
