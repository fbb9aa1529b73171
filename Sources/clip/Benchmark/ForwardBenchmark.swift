import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import Foundation

/// `clip benchmark forward`: how long the network takes, for images and captions that are prepared already.
struct ForwardBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Time forward passes of random images and captions; nothing is decoded, tokenised or sent.",
        discussion: """
            The passes take turns, so that whatever else the machine does meets all of them alike.

            With --commands it reads lines from standard input, 'images COUNT' or 'captions COUNT TOKENS', times one pass \
            for each and answers its milliseconds, so that a script can alternate between this and other programs.
            """
    )

    @OptionGroup var options: ModelOptions

    @Option(help: "How many images at once, separated by commas; 1,8 by default, if there is an image tower.")
    var images: String?

    @Option(help: "How many captions at once, separated by commas; 1,8 by default, if there is a text tower.")
    var captions: String?

    @Option(help: "Tokens of each caption, start and end of text included; 12 by default.")
    var tokens = 12

    @Option(
        help: """
            Time the captions of a file, one a line ('-' is standard input): sharing what is computed for prefixes that \
            they have in common, and each by itself.
            """
    )
    var texts: String?

    @Option(help: "How often each is timed, after two that are not; 15 by default.")
    var runs = 15

    @Flag(help: "One JSON object a line.")
    var json = false

    @Flag(
        name: .customLong("onednn"),
        help: "Leave all matrix products to oneDNN, also where our own are faster: to compare the two."
    )
    var usesOneDNNOnly = false

    @Flag(help: "Time what standard input asks for.")
    var commands = false

    /// A larger batch would be split into several passes anyway.
    private static let mostItems = 4096

    private static let uncountedRuns = 2
    private static let counts = "1,8"

    func run() async throws {
        var environment = Environment()
        var configuration = options.engineConfiguration(&environment)
        // Further models would be loaded and never used.
        configuration.models = Array(configuration.models.prefix(1))
        configuration.allowsURLs = false
        configuration.usesOneDNNOnly = usesOneDNNOnly
        configuration.imageCacheBytes = 0
        let imageCounts = environment.counts(images ?? Self.counts, of: "--images", most: Self.mostItems)
        let captionCounts = environment.counts(
            captions ?? Self.counts,
            of: "--captions",
            most: Self.mostItems
        )
        if tokens < 2 { environment.problems.append("--tokens must be at least 2, not \(tokens).") }
        let texts = try texts.map { (file) throws(CommandFailure) in try Terminal.lines(ofFile: file) }
        if runs < 1 { environment.problems.append("--runs must be at least 1, not \(runs).") }
        try await withEngine(configuration, options, environment) { engine in
            if commands { return try await answerCommands(by: engine) }
            // If a tower is missing, figures that were asked for are refused, and those of the default are left out.
            let towers = engine.models[0].towers
            func isLeftOut(_ counts: String?, _ tower: Tower) -> Bool {
                counts == nil && (texts != nil || !towers.contains(tower))
            }
            let work =
                (isLeftOut(images, .image) ? [] : imageCounts).map(ForwardWork.images)
                + (isLeftOut(captions, .text) ? [] : captionCounts).map {
                    ForwardWork.captions($0, tokens: tokens)
                }
                + (texts.map { [.texts($0, isApart: false), .texts($0, isApart: true)] } ?? [])
            let threads = configuration.computeThreads
            for (work, times) in zip(work, try await times(of: work, by: engine)) {
                try report(work, times, engine.models[0], threads: threads)
            }
        }
    }

    /// The durations of each pass's runs in milliseconds, in rising order.
    private func times(of work: [ForwardWork], by engine: EmbeddingEngine) async throws -> [[Double]] {
        for work in work { try check(work, engine.models[0]) }
        var times: [[Double]] = work.map { _ in [] }
        for run in -Self.uncountedRuns..<runs {
            for (index, work) in work.enumerated() {
                let time = try await engine.forwardTime(of: work)
                if run >= 0 { times[index].append(time / .milliseconds(1)) }
            }
        }
        return times.map { $0.sorted() }
    }

    /// Refuses captions that are longer than the model allows.
    private func check(_ work: ForwardWork, _ model: ModelDescription) throws(CommandFailure) {
        guard case .captions(_, let tokens) = work, let limit = model.contextLength, tokens > limit else {
            return
        }
        throw CommandFailure(
            "Captions of \(tokens) tokens are longer than the model's context of \(limit).",
            status: .unusableInput
        )
    }

    private func report(
        _ work: ForwardWork,
        _ times: [Double],
        _ model: ModelDescription,
        threads: Int
    ) throws {
        let (median, least) = (times[times.count / 2], times[0])
        let (fields, name) =
            switch work {
            case .images(let count): ("\"images\":\(count)", "\(count) images")
            case .captions(let count, let tokens):
                ("\"captions\":\(count),\"tokens\":\(tokens)", "\(count) captions of \(tokens) tokens")
            case .texts(let texts, let isApart):
                (
                    "\"texts\":\(texts.count),\"apart\":\(isApart)",
                    "\(texts.count) captions of the file, \(isApart ? "each by itself" : "sharing prefixes")"
                )
            }
        let precision = model.precision.rawValue
        try Terminal.write(
            line: json
                ? """
                {\(fields),"model":\(JSONText.string(model.name)),"precision":"\(precision)",\
                "threads":\(threads),"runs":\(times.count),
                """ + String(format: "\"median_ms\":%.3f,\"least_ms\":%.3f}", median, least)
                : "\(name), \(precision): "
                    + String(format: "%.2f ms in the median of %d, %.2f at least", median, times.count, least)
        )
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
            default:
                throw CommandFailure(
                    "'\(line)' is neither 'images COUNT' nor 'captions COUNT TOKENS'.",
                    status: .unusableInput
                )
            }
            try check(work, engine.models[0])
            let time = try await engine.forwardTime(of: work)
            try Terminal.write(line: String(format: "%.4f", time / .milliseconds(1)))
        }
    }
}

extension Environment {
    /// Counts separated by commas; a part that is no count is a problem.
    fileprivate mutating func counts(_ text: String, of option: String, most: Int) -> [Int] {
        (list(given: (option, text)) ?? []).compactMap { part in
            if let count = Int(part), (1...most).contains(count) { return count }
            problems.append("\(option) has counts from 1 to \(most) separated by commas, not '\(part)'.")
            return nil
        }
    }
}
