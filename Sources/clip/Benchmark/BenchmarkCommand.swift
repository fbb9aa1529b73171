import ArgumentParser

/// `clip benchmark`: how long the parts of an embedding take on this machine.
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Time the network, or the decoding of images, on this machine.",
        subcommands: [ForwardBenchmark.self, DecodeBenchmark.self],
        defaultSubcommand: ForwardBenchmark.self
    )
}
