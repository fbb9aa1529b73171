import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// What a person at the shell reads when the engine refuses something.
package struct CommandFailure: Error, CustomStringConvertible {
    package let description: String

    /// All problems of a configuration, a line each.
    init(problems: [String]) {
        description = problems.joined(separator: "\n")
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
        switch error {
        case .unknownModel(let name): "There is no model '\(name)'."
        case .invalidModelName(let name): "'\(name)' is not a model name."
        case .noImages: "There is no image."
        case .noTexts: "There is no text."
        case .noPrompts: "There is nothing to compare with."
        case .tooManyImages(let count, let limit): "\(count) images are more than \(limit), the most at once."
        case .tooManyPrompts(let count, let limit):
            "\(count) prompts are more than \(limit), the most at once."
        case .image(_, let fault): sentence(for: fault)
        case .textTooLong(let index, let count, let limit) where index > 0:
            "Text \(index + 1) has \(count) tokens; the model has \(limit) positions. Shorten it, or give --truncate."
        case .textTooLong(_, let count, let limit):
            "The text has \(count) tokens; the model has \(limit) positions. Shorten it, or give --truncate."
        case .tooManyTexts(let count, let limit): "\(count) texts are more than \(limit), the most at once."
        case .textTooLarge(_, let count, let limit): "The text has \(count) bytes; at most \(limit) are read."
        case .textTangled: "The text has too many nested HTML entities."
        case .overloaded: "Too much is waiting."
        case .tooMuchMemory(let bytes, let limit):
            "The answer would take \(bytes) bytes; \(limit) are the most. Ask for fewer at once."
        case .shuttingDown, .cancelled: "Stopped."
        case .modelUnavailable(let name, let cause): "Model '\(name)' cannot be loaded: \(cause)"
        case .failed(let cause): "Failed: \(cause)"
        case .invalidConfiguration(let problems): problems.joined(separator: "\n")
        }
    }

    private static func sentence(for fault: ImageFault) -> String {
        switch fault {
        case .malformedBase64: "This is not base64."
        case .empty: "The image is empty."
        case .unknownFormat(let likely):
            "This is no picture of a format that is read" + (likely.map { "; it looks like \($0)" } ?? "")
                + "."
        case .undecodable: "The picture is damaged or cut off, or of a kind that is not read."
        case .tooSlow: "Decoding the picture takes longer than --decode-seconds allows."
        case .noMemory: "There is not enough memory for decoding the picture."
        case .stopped: "Stopped."
        case .formatNotAvailable(let format):
            "\(format) images are not read: they are switched off (--image-formats), or this system lacks their decoder."
        case .tooLarge(let detail): "The image is too large: \(detail)."
        case .tooMuchMemory(let bytes, let limit):
            "Decoding the image would take \(bytes) bytes; \(limit) are the most. Make it smaller."
        case .urlsNotAllowed: "Images by URL are switched off."
        case .invalidURL: "This is not a URL."
        case .schemeNotAllowed: "Only https and http URLs are fetched."
        case .addressNotAllowed: "The URL leads to a private or otherwise special address."
        case .hostNotAllowed(let host):
            "The host '\(host)' is not on the list of hosts that may be fetched from."
        case .hostDenied(let host): "The host '\(host)' is on the list of hosts that may not be fetched from."
        case .httpsRequired: "Only https URLs are fetched."
        case .publicNameRequired(let host):
            "The host '\(host)' is an address or a private name; only public names are fetched from."
        case .encodingNotSupported(let name):
            "The host sends the image packed with '\(name)'; gzip, deflate and br are unpacked, once."
        case .unreachable(let cause): cause
        case .badStatus(let status): "The host answered with status \(status)."
        case .timedOut: "Fetching the image took too long."
        case .tooManyRedirects: "The URL redirects too often."
        }
    }
}

/// Runs an engine for the length of a command, with its errors in sentences.
func withEngine<Value>(
    _ configuration: EngineConfiguration,
    _ environment: Environment,
    _ body: (EmbeddingEngine) async throws -> Value
) async throws -> Value {
    guard environment.problems.isEmpty else { throw CommandFailure(problems: environment.problems) }
    do {
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        return try await body(engine)
    } catch let error as EmbeddingError {
        throw CommandFailure(error)
    }
}
