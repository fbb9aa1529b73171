internal import Foundation

extension EmbeddingEngine {
    /// Why the engine can no longer be trusted to answer; nil if all is well.
    ///
    /// A compute thread that hangs, or could not start, cannot be repaired: the process has to be restarted.
    public var healthProblem: String? { registry.healthProblem }

    /// Calls `action` once, on a thread of its own, when the engine has been unwell for `grace`.
    ///
    /// The thread ends with the engine.
    public func whenUnwell(for grace: Duration = .seconds(3), _ action: @escaping @Sendable (String) -> Void)
    {
        NamedThread.start("watchdog", 1) { [weak self] in
            var since: ContinuousClock.Instant?
            while true {
                Thread.sleep(forTimeInterval: 0.5)
                guard let engine = self else { return }
                guard let problem = engine.healthProblem else {
                    since = nil
                    continue
                }
                let start = since ?? .now
                since = start
                guard ContinuousClock.now - start >= grace else { continue }
                return action(problem)
            }
        }
    }
}
