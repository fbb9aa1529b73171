internal import CLIPEngine

extension RequestReport {
    /// The `time` of an answer: since the body was read, less what loading the model took.
    func seconds(since start: ContinuousClock.Instant) -> Double {
        max(.zero, ContinuousClock.now - start - (loadTime ?? .zero)) / .seconds(1)
    }
}
