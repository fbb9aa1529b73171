import ArgumentParser
internal import CLIPEngine
internal import CLIPEvaluation
internal import CLIPFiles
internal import CLIPHub
internal import Foundation

/// The sentence that a person at the shell reads when the engine refuses something.
package struct CommandFailure: Error, CustomStringConvertible {
    package let description: String
    /// The program's exit status.
    let status: Int32

    /// All problems of a configuration, one a line.
    ///
    /// - Parameter environment: knows the variables that belong to the flags in the sentences.
    init(problems: [String], status: Int32 = 1, _ environment: Environment? = nil) {
        self.status = status
        description = problems.map { (environment?.naming($0) ?? $0).printable }.joined(separator: "\n")
    }

    /// One problem.
    init(_ sentence: String, status: Int32 = 1) {
        description = sentence
        self.status = status
    }

    /// The system's message about a call that has just failed.
    init(_ thing: String, cannotBe done: String) {
        status = 1
        description = "\(thing) cannot be \(done): \(String(cString: strerror(errno)))."
    }

    /// Why a model of the hub could not be fetched.
    init(model name: String, _ error: HubError) {
        status = error.exitStatus
        description = "The model \(name) cannot be had. \(error)".printable
    }

    /// The engine's error in a sentence.
    ///
    /// Unlike over HTTP, the sentence may name files and tensors, which help at the shell.
    ///
    /// - Parameter environment: knows the variables that belong to the flags in the sentence.
    init(_ error: EmbeddingError, _ environment: Environment? = nil) {
        status = 1
        let sentence = Self.sentence(for: error)
        description = environment?.naming(sentence) ?? sentence
    }

    /// Why a file could not be read, or is no text.
    init(_ error: FileError) {
        self.init(error.description)
    }

    /// Why an input got no embedding.
    init(_ fault: EmbeddingPipeline.Fault, _ environment: Environment? = nil) {
        switch fault {
        case .unreadable(let error): self.init(error)
        case .refused(let error): self.init(error, environment)
        }
    }

    /// Why an evaluation could not run.
    init(_ error: EvaluationError) {
        self.init(error.description)
    }

    private static func sentence(for error: EmbeddingError) -> String {
        if case .textTooLong = error { "\(error) Or give --truncate." } else { error.description }
    }
}

/// Runs an engine for the duration of a command, with its errors in sentences; models that are not on this machine are
/// fetched first.
func withEngine<Value>(
    _ configuration: EngineConfiguration,
    _ options: ModelOptions,
    _ environment: Environment,
    _ body: (EmbeddingEngine) async throws -> Value
) async throws -> Value {
    let problems = environment.problems + configuration.validate()
    guard problems.isEmpty else { throw CommandFailure(problems: problems, environment) }
    var configuration = configuration
    try await options.fetchModels(for: &configuration, environment)
    do {
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        return try await body(engine)
    } catch let error as EmbeddingError {
        throw CommandFailure(error, environment)
    }
}
