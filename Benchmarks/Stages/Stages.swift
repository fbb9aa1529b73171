import Benchmark

/// The stages of a request, each by itself: what is slower after a change shows here first.
///
/// Allocations repeat from run to run and have thresholds, in `Thresholds/`; instructions and memory are compared with those
/// of another run on the same machine. Times depend on the machine and its mood, and are only told.
///
/// A stage's name is that of its file of thresholds, and has no spaces: the library writes none, but looks for them.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .instructions, .peakMemoryResident, .allocations],
        warmupIterations: 3,
        maxDuration: .seconds(1),
        maxIterations: 1000,
        thresholds: [
            .allocations: BenchmarkThresholds(absolute: [.p90: 0]),
            .instructions: BenchmarkThresholds(relative: [.p50: 5, .p75: 10]),
            .peakMemoryResident: BenchmarkThresholds(relative: [.p50: 10]),
            .wallClock: .none,
        ]
    )
    tokenization()
    imaging()
    wire()
    kernels()
    towers()
    engine()
}
