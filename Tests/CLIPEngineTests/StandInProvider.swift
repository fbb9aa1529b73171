import CLIPEngine
import CLIPTestSupport
import Foundation
import Synchronization

/// Brings tiny models from directories of this machine, when and as a test wants it.
final class StandInProvider: Sendable {
    private struct State {
        var asked: [String] = []
        var isHeld = false
        var held: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
        var fault: EmbeddingError?
        var pause: Duration?
        var kept: Set<String> = []
        var homes: [String: String] = [:]
        var cancelled = 0
        var time = ContinuousClock.now
        var events: [ModelEvent] = []
    }

    private let state = Mutex(State())
    let directory: String
    let names: [String]

    /// One of models with these names, which are all the same network.
    init(_ names: [String], _ model: TinyModel = .quick) throws {
        self.names = names
        directory =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-provided-\(UUID().uuidString)").path
        try model.write(to: directory)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The names that were asked for, in order.
    var asked: [String] { state.withLock { $0.asked } }
    /// How many of those gave up in the middle.
    var cancelled: Int { state.withLock { $0.cancelled } }
    /// What the engine told.
    var events: [ModelEvent] { state.withLock { $0.events } }

    /// What those come to that ask from now on; nil for a model.
    func fail(with fault: EmbeddingError?) { state.withLock { $0.fault = fault } }

    /// Has those wait that ask from now on.
    func hold() { state.withLock { $0.isHeld = true } }

    /// Has those say that they pause who ask from now on.
    func pause(for time: Duration?) { state.withLock { $0.pause = time } }

    /// Has the files of a model, so that nobody need be asked for them.
    func keep(_ name: String) { state.withLock { _ = $0.kept.insert(name) } }

    /// Says that a model is another repository's than that of its name.
    func say(_ name: String, isOf home: String) { state.withLock { $0.homes[name] = home } }

    /// Lets all go on.
    func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [:] }
            return state.held.values
        }
        for continuation in held { continuation.resume() }
    }

    /// Moves the engine's clock.
    func pass(_ time: Duration) { state.withLock { $0.time += time } }

    /// The provider, its events and its clock, for an engine.
    func fill(_ configuration: inout EngineConfiguration) {
        configuration.provider = provider
        configuration.allowedModels = .known
        configuration.now = { self.state.withLock { $0.time } }
        configuration.onModelEvent = { event in self.state.withLock { $0.events.append(event) } }
    }

    private var provider: ModelProvider {
        let offers = names.map {
            ModelProvider.Offer(name: $0, origin: ModelOrigin(repository: "own/\($0)", licence: "mit"))
        }
        return ModelProvider(
            names: names,
            knownName: { name in
                let plain = name.replacing("-as-", with: "")
                return self.names.first { $0 == plain }
            },
            isRepository: {
                $0.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/) != nil
                    && !$0.contains("..") && !$0.hasSuffix(".git")
            },
            offers: { offers },
            here: { name in
                self.state.withLock { $0.kept.contains(name) }
                    ? ModelSource(name: name, directory: self.directory) : nil
            }
        ) { name, onPause async throws(EmbeddingError) in
            if let pause = self.state.withLock({ $0.pause }) { onPause(pause) }
            await self.wait(name)
            guard !Task.isCancelled else {
                self.state.withLock { $0.cancelled += 1 }
                throw .cancelled
            }
            if let fault = self.state.withLock({ $0.fault }) { throw fault }
            return ModelSource(
                name: name,
                directory: self.directory,
                origin: ModelOrigin(
                    repository: self.state.withLock { $0.homes[name] } ?? "own/\(name)",
                    revision: "0123",
                    licence: "mit"
                )
            )
        }
    }

    private func wait(_ name: String) async {
        let id = state.withLock { state in
            state.asked.append(name)
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    guard state.isHeld, !Task.isCancelled else { return false }
                    state.held[id] = continuation
                    return true
                }
                if !isHeld { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { $0.held.removeValue(forKey: id) }
            continuation?.resume()
        }
    }
}
