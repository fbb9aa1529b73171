import ArgumentParser
internal import CLIPBulk
internal import CLIPEngine
internal import CLIPEvaluation
internal import CLIPFiles
internal import CLIPHub
internal import CLIPIndex
internal import Foundation

/// The sentence that a person at the shell reads when the engine refuses something.
package struct CommandFailure: Error, CustomStringConvertible {
    package let description: String
    /// What the program ends with.
    package let status: CommandStatus

    /// All problems of a configuration, a line each; the status is theirs where they have the same one.
    ///
    /// - Parameter environment: knows the variables of the flags that they name.
    init(_ problems: [SettingProblem], _ environment: Environment) {
        status = CommandStatus.common(of: problems.map(\.status), else: .unusableSetting)
        description = problems.map { environment.naming($0.sentence).printable }.joined(separator: "\n")
    }

    /// One problem.
    init(_ sentence: String, status: CommandStatus) {
        description = sentence
        self.status = status
    }

    /// The same failure, of a file or another thing that is named before it.
    init(_ name: String, _ failure: CommandFailure) {
        self.init("\(name): \(failure.description)", status: failure.status)
    }

    /// What the system says of a call that just failed to write something.
    init(unwritable thing: String) {
        status = .cannotWrite
        description = "\(thing) cannot be written: \(String(cString: strerror(errno)))."
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
    /// - Parameters:
    ///   - environment: knows the variables of the flags that it names.
    ///   - models: those of the engine.
    init(_ error: EmbeddingError, _ environment: Environment? = nil, models: [ModelSource] = []) {
        status = error.exitStatus(with: models)
        let sentence = Self.sentence(for: error)
        description = environment?.naming(sentence) ?? sentence
    }

    /// Why a file could not be read, or is no text.
    init(_ error: FileError) {
        self.init(error.description, status: error.exitStatus)
    }

    /// Why an input got no embedding.
    init(_ fault: EmbeddingPipeline.Fault, _ environment: Environment? = nil) {
        switch fault {
        case .unreadable(let error): self.init(error)
        case .refused(let error): self.init(error, environment)
        }
    }

    /// Why an index could not be used.
    init(_ error: IndexError) {
        self.init(error.description, status: error.exitStatus)
    }

    /// Why pictures could not be searched.
    init(_ error: PictureSearchError) {
        self.init(error.description, status: error.exitStatus)
    }

    /// Why shards could not be written.
    init(_ error: OutputError) {
        self.init(error.description.printable, status: error.exitStatus)
    }

    /// Why an index could not be brought up to date.
    init(_ error: IndexUpdateError, _ environment: Environment) {
        switch error {
        case .index(let error): self.init(error)
        case .engine(let error): self.init(error, environment)
        }
    }

    /// Why an index is not kept up to date any more.
    init(_ error: IndexWatchError, _ environment: Environment) {
        if case .update(let error) = error {
            self.init(error, environment)
        } else {
            self.init(error.description, status: error.exitStatus)
        }
    }

    /// Why an evaluation could not run.
    init(_ error: EvaluationError) {
        self.init(error.description, status: error.exitStatus)
    }

    private static func sentence(for error: EmbeddingError) -> String {
        if case .textTooLong = error { "\(error) Or give --truncate." } else { error.description }
    }
}

/// One thing that is wrong with the settings, and what the program ends with where nothing else is.
package struct SettingProblem: Equatable {
    package let sentence: String
    package let status: CommandStatus

    init(_ sentence: String, status: CommandStatus = .unusableSetting) {
        (self.sentence, self.status) = (sentence, status)
    }
}

/// Runs an engine for the length of a command, with its errors in sentences; models that are not here are fetched before.
func withEngine<Value>(
    _ configuration: EngineConfiguration,
    _ options: ModelOptions,
    _ environment: Environment,
    _ body: (EmbeddingEngine) async throws -> Value
) async throws -> Value {
    try environment.requireNoProblems(of: configuration)
    var configuration = configuration
    try await options.fetchModels(for: &configuration, environment)
    do {
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        return try await body(engine)
    } catch let error as EmbeddingError {
        throw CommandFailure(error, environment, models: configuration.models)
    }
}
