import Benchmark
internal import CLIPEngine
internal import Foundation

/// Whole requests without HTTP, by clip-mini, whose weights are in the repository.
///
/// Nothing is kept from one to the next.
func engine() {
    Benchmark("embed a caption") { benchmark, engine in
        for _ in benchmark.scaledIterations { blackHole(try await engine.embed(texts: [Samples.caption])) }
    } setup: {
        try await startedEngine()
    }
    Benchmark("embed eight captions") { benchmark, engine in
        let captions = (1...8).map { "\(Samples.caption), \($0)" }
        for _ in benchmark.scaledIterations { blackHole(try await engine.embed(texts: captions)) }
    } setup: {
        try await startedEngine()
    }
    Benchmark("embed a photograph") { benchmark, engine in
        for _ in benchmark.scaledIterations {
            blackHole(try await engine.embed(images: [.encoded(Samples.photograph)]))
        }
    } setup: {
        try await startedEngine()
    }
    Benchmark("embed a photograph that comes as base64") { benchmark, engine in
        let text = [UInt8](Data(Samples.photograph).base64EncodedData())
        for _ in benchmark.scaledIterations { blackHole(try await engine.embed(images: [.base64(text)])) }
    } setup: {
        try await startedEngine()
    }
}

private func startedEngine() async throws -> EmbeddingEngine {
    let model = ModelSource(
        name: "clip-mini",
        directory: Samples.root.appendingPathComponent("Models/clip-mini").path
    )
    var configuration = EngineConfiguration(models: [model], cores: 1)
    (configuration.textCacheBytes, configuration.imageCacheBytes) = (0, 0)
    let engine = try EmbeddingEngine(configuration: configuration)
    try await engine.start()
    return engine
}
