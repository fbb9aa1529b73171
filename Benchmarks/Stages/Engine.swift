import Benchmark
internal import CLIPEngine

/// Whole requests without HTTP, with clip-mini, whose weights are in the repository.
///
/// No result is kept from one request to the next.
func engine() {
    stage("embed-caption") { engine in try await engine.embed(texts: [Samples.caption]) }
    let captions = (1...8).map { "\(Samples.caption), \($0)" }
    stage("embed-eight-captions") { engine in try await engine.embed(texts: captions) }
    stage("embed-photograph") { engine in try await engine.embed(images: [.encoded(Samples.photograph)]) }
    let text = Samples.base64Photograph
    stage("embed-base64-photograph") { engine in try await engine.embed(images: [.base64(text[...])]) }
}

private func stage(
    _ name: String,
    _ request: @escaping @Sendable (EmbeddingEngine) async throws -> EmbeddingResult
) {
    Benchmark(name) { benchmark, engine in
        try await benchmark.measure { try await request(engine) }
    } setup: {
        try await startedEngine()
    }
}

private func startedEngine() async throws -> EmbeddingEngine {
    let model = ModelSource(name: "clip-mini", directory: Samples.clipMini)
    var configuration = EngineConfiguration(models: [model], cores: 1)
    (configuration.textCacheBytes, configuration.imageCacheBytes) = (0, 0)
    let engine = try EmbeddingEngine(configuration: configuration)
    try await engine.start()
    return engine
}
