import CLIPEngine
import Testing

@Suite("The engine's configuration")
struct EngineConfigurationTests {
    private func sound() -> EngineConfiguration {
        EngineConfiguration(models: [ModelSource(name: "ViT-B-32", directory: "models/b32")], cores: 2)
    }

    @Test("The defaults are sound")
    func defaults() {
        #expect(sound().validate() == [])
    }

    @Test("All problems are told at once")
    func problems() {
        var configuration = sound()
        configuration.models = [
            ModelSource(name: "a/b", directory: "x"), ModelSource(name: "", directory: "x"),
            ModelSource(name: "twice", directory: "x"), ModelSource(name: "twice", directory: "y"),
        ]
        configuration.computeThreads = 0
        configuration.decodeThreads = -1
        configuration.maxBatch = 0
        configuration.maxPendingItems = 0
        let problems = configuration.validate()
        #expect(problems.count == 7, "\(problems)")
        #expect(problems.contains { $0.contains("'a/b'") })
        #expect(problems.contains { $0.contains("Two models are named 'twice'") })
    }

    @Test("Limits of the parts are checked with the rest")
    func parts() {
        var configuration = sound()
        configuration.maxImageBytes = 0
        configuration.maxImagePixels = 0
        configuration.fetchTimeLimit = .zero
        configuration.imageFormats = ["jpeg", "tga"]
        #expect(configuration.validate().contains { $0.contains("'tga'") })
        #expect(configuration.validate().count >= 4, "\(configuration.validate())")
    }

    @Test("No model is a problem, and an engine refuses the configuration")
    func noModel() {
        let configuration = EngineConfiguration(models: [], cores: 2)
        #expect(throws: EmbeddingError.invalidConfiguration(["No model is named."])) {
            try EmbeddingEngine(configuration: configuration)
        }
    }
}
