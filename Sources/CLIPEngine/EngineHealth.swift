internal import Foundation

extension EmbeddingEngine {
    /// Why the engine cannot be trusted to answer any more; nil while all is well.
    ///
    /// A compute thread that hangs, or could not start, is not mended: the process has to be started anew.
    public var healthProblem: String? { registry.healthProblem }

    /// Calls `action` once, on a thread of its own, when the engine has not been well for `grace`.
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
