internal import CLIPModels
internal import Synchronization

/// A model's time in memory, which ends with the last of its compute threads.
final class ModelResidence: Sendable {
    private struct State {
        var model: CLIPModel?
        var threads: Int
    }

    private let state: Mutex<State>
    private let onEnd: @Sendable () -> Void

    /// - Parameters:
    ///   - threads: the number of threads, each of which calls ``lend(to:)`` once.
    ///   - onEnd: called on the last thread, when the memory is free.
    init(_ model: CLIPModel, threads: Int, onEnd: @escaping @Sendable () -> Void) {
        state = Mutex(State(model: model, threads: threads))
        self.onEnd = onEnd
    }

    /// Runs everything that one thread does with the model.
    func lend(to body: (CLIPModel) -> Void) {
        work(body)
        // The model is freed here, outside of the lock and before `onEnd` is called.
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

    /// This is a function of its own, so that its reference to the model is gone when it returns.
    @inline(never)
    private func work(_ body: (CLIPModel) -> Void) {
        guard let model = state.withLock({ $0.model }) else { return }
        body(model)
    }
}
