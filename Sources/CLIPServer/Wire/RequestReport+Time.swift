internal import CLIPEngine

extension RequestReport {
    /// The `time` of an answer: the seconds since the body was read, without those for loading the model.
    func seconds(since start: ContinuousClock.Instant) -> Double {
        max(.zero, ContinuousClock.now - start - (loadTime ?? .zero)) / .seconds(1)
    }
}
