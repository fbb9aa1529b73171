// Serves a model over HTTP on a port that the system chooses, until it is told to stop.
//
// usage: serve MODEL_DIRECTORY

import CLIPEngine
import CLIPServer
import Foundation
import Logging

guard CommandLine.arguments.count == 2 else {
    print("usage: serve MODEL_DIRECTORY")
    exit(64)
}
let model = ModelSource(name: "example", directory: CommandLine.arguments[1])
let cores = MachineProcessors.current.threads
// One backend for both, so that /metrics tells of the engine, too.
let metrics = PrometheusMetrics()
var engineConfiguration = EngineConfiguration(models: [model], cores: cores)
engineConfiguration.metrics = metrics
let engine = try EmbeddingEngine(configuration: engineConfiguration)
defer { engine.shutdown() }

var configuration = ServerConfiguration()
configuration.port = 0
let server = try EmbeddingServer(
    engine: engine,
    configuration: configuration,
    logger: Logger(label: "example"),
    version: "example",
    metrics: metrics,
    // Written at once, whoever reads it: print would keep it until there is more.
    onListening: { port in FileHandle.standardOutput.write(Data("http://127.0.0.1:\(port)\n".utf8)) }
)
// Requests that come before the model is there wait for it.
async let loading: Void = engine.start()
try await server.runUntilSignalled()
try await loading
