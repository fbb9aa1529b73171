import Benchmark

/// The stages of a request, each by itself, so that a change that makes one slower shows.
///
/// Allocations repeat from run to run and have thresholds in `Thresholds/`. Instructions and memory are compared with
/// those of another run on the same machine. Times depend on the machine and its load, and are only reported.
///
/// A stage has the name of its file of thresholds, without spaces: the library writes file names without them, but
/// looks for the name as it is.
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
