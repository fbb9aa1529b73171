import CLIPEngine
import CLIPTestSupport
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

    @Test("A name that no request could give is refused with what to do, but where nobody asks by name")
    func names() {
        var configuration = sound()
        configuration.models = [ModelSource(name: "한글 모델", directory: "x")]
        let problems = configuration.validate()
        #expect(problems.count == 1 && problems[0].contains("ASCII") && problems[0].contains("NAME=MODEL"))
        configuration.allowsAnyName = true
        #expect(configuration.validate() == [])
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

    @Test("Every problem is a sentence that names a flag, and each is told once")
    func words() {
        var configuration = sound()
        configuration.models = [ModelSource(name: "a b", directory: "x")]
        configuration.computeThreads = 0
        configuration.decodeThreads = 0
        configuration.maxBatch = 0
        configuration.maxTexts = 0
        configuration.maxPendingItems = .max
        configuration.textCacheBytes = -1
        configuration.imageCacheBytes = -1
        configuration.memoryBudget = 1
        configuration.passTimeLimit = .zero
        configuration.queueTimeLimit = .zero
        configuration.decodeTimeLimit = .zero
        configuration.imageFormats = ["tga"]
        configuration.maxImageBytes = 0
        configuration.maxImagePixels = 0
        configuration.maxAVIFPixels = 0
        configuration.maxAVIFBytes = 0
        configuration.fetchTimeLimit = .zero
        configuration.fetchPlaces = 4000
        configuration.fetchPlacesPerHost = 0
        configuration.fetchQueue = -1
        configuration.fetchMinimumSpeed = -1
        configuration.fetchSlowTime = .zero
        configuration.fetchAuthorityFile = "/nonexistent/ca.pem"
        configuration.maxRedirects = 51
        configuration.allowedFetchHosts = []
        configuration.deniedFetchHosts = ["a:80"]
        let problems = configuration.validate()
        #expect(problems.count == 27, "\(problems)")
        for problem in problems {
            #expect(problem.hasPrefix("--") && Words.faults(of: problem) == [], "\(problem)")
            #expect(problem.firstMatch(of: /\b[a-z]+[A-Z]/) == nil, "\(problem)")
        }
        configuration = sound()
        // Half of these are one client's, which nobody has set.
        configuration.fetchPlaces = 4000
        #expect(configuration.validate() == ["--fetch-places must be from 1 to 1,024, not 4000."])
    }

    @Test("No model is a problem, and an engine refuses the configuration")
    func noModel() {
        let configuration = EngineConfiguration(models: [], cores: 2)
        #expect(
            throws: EmbeddingError.invalidConfiguration([
                "No model is named; --model names one."
            ])
        ) {
            try EmbeddingEngine(configuration: configuration)
        }
    }
}
