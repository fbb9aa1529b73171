import CLIPEngine
import CLIPIndex
import CLIPServer
import CLIPTestSupport
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// A server on a port of this machine, with a real engine over a tiny model.
struct LiveServer: Sendable {
    let port: Int
    let engine: EmbeddingEngine
    private let group: ServiceGroup

    /// The port to aim at, whoever comes first: a server that runs or its failure.
    private final class Port: Sendable {
        private let stream: AsyncStream<Int>
        private let continuation: AsyncStream<Int>.Continuation

        init() {
            (stream, continuation) = AsyncStream.makeStream()
        }

        func set(_ port: Int) { continuation.yield(port) }
        func giveUp() { continuation.finish() }

        func value() async throws -> Int {
            for await port in stream { return port }
            throw HTTPConnection.Failure(what: "the server did not start")
        }
    }

    /// Runs `body` against a server that is gone afterwards.
    static func with<Value: Sendable>(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        engine configureEngine: (inout EngineConfiguration) -> Void = { _ in },
        starting: Bool = true,
        log: LogLines? = nil,
        metrics: PrometheusMetrics = PrometheusMetrics(),
        pictures: (EmbeddingEngine) async throws -> PictureSearch? = { _ in nil },
        _ body: (LiveServer) async throws -> Value
    ) async throws -> Value {
        var engineConfiguration = EngineConfiguration(
            models: [
                ModelSource(name: "tiny", directory: try SmallModel.directory.get()),
                ModelSource(name: "second", directory: try SmallModel.directory.get()),
            ],
            cores: 1
        )
        engineConfiguration.precision = .f32  // what the goldens are, on every machine
        configureEngine(&engineConfiguration)
        let engine = try EmbeddingEngine(configuration: engineConfiguration)
        defer { engine.shutdown() }
        if starting { try await engine.start() }
        var configuration = ServerConfiguration()
        configuration.port = 0
        configure(&configuration)
        let port = Port()
        var logger = log.map { log in Logger(label: "test") { _ in log.handler } } ?? Logger(label: "test")
        logger.logLevel = log == nil ? .critical : .info
        let server = try EmbeddingServer(
            engine: engine,
            pictures: try await pictures(engine),
            configuration: configuration,
            logger: logger,
            version: "1.2.3",
            metrics: metrics,
            onListening: port.set
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server], logger: logger)
        )
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { port.giveUp() }
                try await group.run()
            }
            let live = LiveServer(port: try await port.value(), engine: engine, group: group)
            let value = try await body(live)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
    }

    func beginShutdown() async {
        await group.triggerGracefulShutdown()
    }

    /// One request on a connection of its own.
    func request(
        _ method: String,
        _ path: String,
        body: [UInt8]? = nil,
        fields: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        let port = port
        return try await Loopback.onThread {
            let connection = try HTTPConnection(port: port)
            try connection.send(method, path, body: body, fields: fields)
            return try connection.answer(toHead: method == "HEAD")
        }
    }

    /// A POST with a JSON body.
    func post(_ path: String, _ json: String, fields: [(String, String)] = []) async throws -> HTTPAnswer {
        try await request(
            "POST",
            path,
            body: Array(json.utf8),
            fields: [("Content-Type", "application/json")] + fields
        )
    }

    /// Runs blocking work with a connection.
    func connected<Value: Sendable>(
        _ work: @escaping @Sendable (HTTPConnection) throws -> Value
    ) async throws -> Value {
        let port = port
        return try await Loopback.onThread { try work(HTTPConnection(port: port)) }
    }
}

/// The model of these tests: OpenAI's vocabulary, everything else as small as it gets.
enum SmallModel {
    static let embeddingWidth = 8

    private static let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("swift-clip-server-tests-\(ProcessInfo.processInfo.processIdentifier)").path

    static let model = {
        var model = TinyModel.quick
        model.name = "server"
        model.embeddingWidth = embeddingWidth
        model.imageSize = 32
        model.vision.width = 32
        model.vision.heads = 1
        model.vision.layers = 1
        model.vision.mlp = 32
        model.text.width = 16
        model.text.heads = 1
        model.text.layers = 1
        model.text.mlp = 16
        return model
    }()

    /// Where it lies: written once for all tests, removed when they end.
    static let directory = Result {
        try model.write(to: path)
        atexit { try? FileManager.default.removeItem(atPath: SmallModel.path) }
        return path
    }

    /// A picture in base64.
    static func image(_ name: String = "jpeg-baseline-420.jpg") throws -> String {
        Data(try Fixture.bytes("imaging/\(name)")).base64EncodedString()
    }
}
