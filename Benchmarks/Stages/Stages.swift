import Benchmark

/// The stages of a request, each by itself: what is slower after a change shows here first.
///
/// Instructions and memory repeat from run to run and have thresholds; times depend on the machine and its mood, and
/// are only told.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .instructions, .peakMemoryResident],
        warmupIterations: 3,
        maxDuration: .seconds(1),
        maxIterations: 1000,
        thresholds: [
            .instructions: BenchmarkThresholds(relative: [.p50: 5, .p75: 10]),
            .peakMemoryResident: BenchmarkThresholds(relative: [.p50: 10]),
            .wallClock: .none,
        ]
    )
    tokenization()
    imaging()
    kernels()
    engine()
}
