import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// What a person at the shell reads when the engine refuses something.
package struct CommandFailure: Error, CustomStringConvertible {
    package let description: String

    /// All problems of a configuration, a line each.
    init(problems: [String]) {
        description = problems.map(\.printable).joined(separator: "\n")
    }

    /// One problem.
    init(_ sentence: String) {
        description = sentence
    }

    /// What the system says of a call that just failed.
    init(_ thing: String, cannotBe done: String) {
        description = "\(thing) cannot be \(done): \(String(cString: strerror(errno)))."
    }

    /// The engine's error in a sentence.
    ///
    /// At the shell, unlike over HTTP, file and tensor names help.
    init(_ error: EmbeddingError) {
        description = Self.sentence(for: error)
    }

    private static func sentence(for error: EmbeddingError) -> String {
        if case .textTooLong = error { "\(error) Or give --truncate." } else { error.description }
    }
}

/// Runs an engine for the length of a command, with its errors in sentences.
func withEngine<Value>(
    _ configuration: EngineConfiguration,
    _ environment: Environment,
    _ body: (EmbeddingEngine) async throws -> Value
) async throws -> Value {
    let problems = environment.problems + configuration.validate()
    guard problems.isEmpty else { throw CommandFailure(problems: problems) }
    do {
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        return try await body(engine)
    } catch let error as EmbeddingError {
        throw CommandFailure(error)
    }
}
