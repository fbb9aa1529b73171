internal import AllocationCounter
import Benchmark

extension BenchmarkMetric {
    /// The number of allocations, including those of libraries; missing if nothing counts them (see
    /// `AllocationCounter`).
    static let allocations = BenchmarkMetric.custom("allocations")
}

extension Benchmark {
    /// Measures `body`, and nothing before or after it, with the allocations of this thread.
    func measure<Result>(_ body: () throws -> Result) rethrows {
        startMeasurement()
        let before = allocation_count_of_thread()
        for _ in scaledIterations { Benchmark.blackHole(try body()) }
        let after = allocation_count_of_thread()
        stopMeasurement()
        if before >= 0 { measurement(.allocations, after - before) }
    }

    /// Measures work that other threads do, with the allocations of the whole process.
    func measure<Result>(_ body: () async throws -> Result) async rethrows {
        startMeasurement()
        let before = allocation_count()
        for _ in scaledIterations { Benchmark.blackHole(try await body()) }
        let after = allocation_count()
        stopMeasurement()
        if before >= 0 { measurement(.allocations, after - before) }
    }
}
