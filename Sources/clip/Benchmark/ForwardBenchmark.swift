import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// `clip benchmark forward`: how long the network takes, for images and captions that are prepared already.
struct ForwardBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Time forward passes of random images and captions; nothing is decoded, tokenised or sent.",
        discussion: """
            With --commands it reads lines from standard input, 'images COUNT' or 'captions COUNT TOKENS', times one pass \
            for each and answers its milliseconds, so that a script can alternate between this and other programs.
            """
    )

    @OptionGroup var options: ModelOptions

    @Option(help: "How many images at once, separated by commas; 1,8 by default.")
    var images = "1,8"

    @Option(help: "How many captions at once, separated by commas; 1,8 by default.")
    var captions = "1,8"

    @Option(help: "Tokens of each caption, start and end of text included; 12 by default.")
    var tokens = 12

    @Option(help: "How often each is timed, after two that are not; 15 by default.")
    var runs = 15

    @Flag(help: "One JSON object a line.")
    var json = false

    @Flag(help: "Time what standard input asks for.")
    var commands = false

    /// More in one pass would be divided anyway.
    private static let mostItems = 4096

    func run() async throws {
        var environment = Environment()
        var configuration = try options.engineConfiguration(&environment)
        (configuration.textCacheBytes, configuration.imageCacheBytes) = (0, 0)
        let work =
            environment.counts(images, of: "--images", most: Self.mostItems).map { ForwardWork.images($0) }
            + environment.counts(captions, of: "--captions", most: Self.mostItems).map {
                ForwardWork.captions($0, tokens: tokens)
            }
        if tokens < 2 { environment.problems.append("--tokens must be at least 2, not \(tokens).") }
        if runs < 1 { environment.problems.append("--runs must be at least 1, not \(runs).") }
        try await withEngine(configuration, environment) { engine in
            if commands { try await answerCommands(by: engine) } else { try await time(work, by: engine) }
        }
    }

    private func time(_ work: [ForwardWork], by engine: EmbeddingEngine) async throws {
        let precision = engine.models.first?.precision.rawValue ?? ""
        for work in work {
            var times: [Double] = []
            for run in -2..<runs {
                let time = try await engine.forwardTime(of: work)
                if run >= 0 { times.append(time / .milliseconds(1)) }
            }
            times.sort()
            let (median, least) = (times[times.count / 2], times[0])
            let (kind, count) =
                switch work {
                case .images(let count): ("images", count)
                case .captions(let count, _): ("captions", count)
                }
            if json {
                try Terminal.write(
                    line: "{\"\(kind)\":\(count),\"precision\":\"\(precision)\",\"runs\":\(runs),"
                        + String(format: "\"median_ms\":%.3f,\"least_ms\":%.3f}", median, least)
                )
            } else {
                try Terminal.write(
                    line: "\(count) \(kind), \(precision): "
                        + String(format: "%.2f ms in the median of \(runs), %.2f at least", median, least)
                )
            }
        }
    }

    private func answerCommands(by engine: EmbeddingEngine) async throws {
        while let line = readLine() {
            let words = line.split(separator: " ")
            let numbers = words.dropFirst().compactMap { Int($0) }.filter {
                (1...Self.mostItems).contains($0)
            }
            let work: ForwardWork
            switch (words.first, words.count, numbers.count) {
            case ("images", 2, 1): work = .images(numbers[0])
            case ("captions", 3, 2) where numbers[1] >= 2: work = .captions(numbers[0], tokens: numbers[1])
            default: throw CommandFailure("'\(line)' is neither 'images COUNT' nor 'captions COUNT TOKENS'.")
            }
            let time = try await engine.forwardTime(of: work)
            try Terminal.write(line: String(format: "%.4f", time / .milliseconds(1)))
        }
    }
}

extension Environment {
    /// Counts separated by commas; what is none is a problem.
    fileprivate mutating func counts(_ text: String, of option: String, most: Int) -> [Int] {
        Self.list(text).compactMap { part in
            if let count = Int(part), (1...most).contains(count) { return count }
            problems.append("\(option) has counts from 1 to \(most) separated by commas, not '\(part)'.")
            return nil
        }
    }
}
