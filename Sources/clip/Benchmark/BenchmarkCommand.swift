import ArgumentParser

/// `clip benchmark`: how long the parts of an embedding take on this machine.
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Time the network, the decoding of images, or the search, on this machine.",
        subcommands: [ForwardBenchmark.self, DecodeBenchmark.self, SearchBenchmark.self],
        defaultSubcommand: ForwardBenchmark.self
    )
}
