internal import CLIPModels
internal import Synchronization

/// A model's stay in memory: it lasts until the last of the threads that compute with it has ended.
final class ModelResidence: Sendable {
    private struct State {
        var model: CLIPModel?
        var threads: Int
    }

    private let state: Mutex<State>
    private let onEnd: @Sendable () -> Void

    /// - Parameters:
    ///   - threads: how many threads call ``lend(to:)``, each once.
    ///   - onEnd: told on the last of them, when the memory is free.
    init(_ model: CLIPModel, threads: Int, onEnd: @escaping @Sendable () -> Void) {
        state = Mutex(State(model: model, threads: threads))
        self.onEnd = onEnd
    }

    /// Runs all that a thread does with the model.
    func lend(to body: (CLIPModel) -> Void) {
        work(body)
        // It ends here, outside of the lock and before that is told.
        var last = state.withLock { state -> CLIPModel? in
            state.threads -= 1
            guard state.threads == 0 else { return nil }
            defer { state.model = nil }
            return state.model
        }
        guard last != nil else { return }
        last = nil
        onEnd()
    }

    /// A function of its own, so that the reference to the model is gone when it returns.
    @inline(never)
    private func work(_ body: (CLIPModel) -> Void) {
        guard let model = state.withLock({ $0.model }) else { return }
        body(model)
    }
}
