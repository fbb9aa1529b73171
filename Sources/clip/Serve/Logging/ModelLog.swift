internal import CLIPEngine
internal import Logging
internal import Synchronization

/// Writes to the log which models come, leave, or cannot be had.
///
/// A model that cannot be had at start ends the server, which then says why. So failures of configured models are held back until the
/// start is over.
final class ModelLog: Sendable {
    private enum State {
        /// What failed so far.
        case starting([EmbeddingError])
        /// The error that ends the server, if one does.
        case started(EmbeddingError?)
    }

    private let logger: Logger
    private let configured: [String]
    private let state = Mutex(State.starting([]))

    init(_ logger: Logger, configured: [String]) {
        (self.logger, self.configured) = (logger, configured)
    }

    /// Writes what was held back.
    ///
    /// - Parameter ending: the error that ends the server, which is left out.
    func startIsOver(with ending: EmbeddingError? = nil) {
        let held = state.withLock { state -> [EmbeddingError] in
            guard case .starting(let held) = state else { return [] }
            state = .started(ending)
            return held
        }
        for error in held where error != ending { logger.error("\(error)") }
    }

    /// Writes what happened to a model.
    func note(_ event: ModelEvent) {
        switch event {
        case .loaded(let model):
            logger.notice("model \(model.name) is ready", metadata: Self.metadata(of: model))
            if let problem = model.packedCopyProblem { logger.notice("packed weights: \(problem)") }
        case .unloaded(let name, let reason):
            // The program's end says it for all.
            guard reason != .ending else { return }
            let why =
                switch reason {
                case .asked: "a request asked for that"
                case .idle: "nobody has asked for it for the time of --idle-unload"
                case .room(let other): "--model-memory has no room for it beside \(other)"
                case .ending: "the server ends"
                }
            logger.notice("model \(name) leaves memory: \(why)")
        case .failed(let name, let error):
            if !holdsBack(error, of: name) { logger.error("\(error)") }
        }
    }

    private static func metadata(of model: ModelDescription) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "default": .stringConvertible(model.isDefault), "precision": "\(model.precision.rawValue)",
            "towers": "\(model.towers.map(\.rawValue).joined(separator: ", "))",
            "embedding_width": .stringConvertible(model.embeddingWidth),
            "load_ms": .stringConvertible(Int(model.loadTime / .milliseconds(1))),
            "packed_copy": .stringConvertible(model.isFromPackedCopy),
            "bytes": .stringConvertible(model.byteCount),
        ]
        // A text tower alone has none.
        metadata["image_size"] = model.imageSize.map { .stringConvertible($0) }
        return metadata
    }

    private func holdsBack(_ error: EmbeddingError, of name: String) -> Bool {
        guard configured.contains(name) else { return false }
        return state.withLock { state in
            switch state {
            case .starting(let held):
                state = .starting(held + [error])
                return true
            case .started(let ending): return error == ending
            }
        }
    }
}
