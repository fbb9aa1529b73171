import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// `clip search`: the pictures of an index that fit a text or a picture best.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search an index for the pictures that fit texts or pictures best.",
        discussion: """
            Every picture is compared. The score is the cosine, from -1 to 1. What is added or taken away is a picture if there is \
            such a file, and a text otherwise; a number and a colon before it weigh it.

            Examples:
              clip search "a red bicycle"
              clip search 고양이 --top 50 --under ~/Pictures/2025 --json
              clip search --like photo.jpg --plus "at night" --minus 0.5:people
              clip search "a receipt" --min-score 0.25 --paths -0 | xargs -0 cp -t receipts/
              clip search "sunset" --top 200 --html sunset.html
              clip search - --json < queries.txt
            """
    )

    @OptionGroup var options: ModelOptions
    @OptionGroup var place: IndexOptions

    @Argument(help: "What is looked for; '-' is standard input, a text a line, each searched by itself.")
    var text: String?

    @Option(
        help: ArgumentHelp("A picture file that others are to be like; repeat for more.", valueName: "file")
    )
    var like: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A text or picture file to add; repeat for more.", valueName: "[weight:]text|file")
    )
    var plus: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A text or picture file to take away; repeat for more.",
            valueName: "[weight:]text|file"
        )
    )
    var minus: [String] = []

    @Option(
        help: """
            How many pictures are told at most, the best first; without it \(SearchCommand.usualTop), or with --min-score all that reach \
            that.
            """
    )
    var top: Int?

    private static let usualTop = 20

    @Option(help: "The least score that is told, from -1 to 1.")
    var minScore: Float?

    /// How many are wanted of each query.
    private var wanted: Int { top ?? (minScore == nil ? Self.usualTop : .max) }

    @Option(help: ArgumentHelp("Only pictures below this folder.", valueName: "folder"))
    var under: String?

    @Option(
        help: ArgumentHelp(
            "Only files written since then: 2026-01-31, 2026-01-31T18:30, or so many days (30d) or hours (12h) ago.",
            valueName: "time"
        )
    )
    var since: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Print paths alone.")
    var paths = false

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "End paths with a zero byte instead of a line's end."
    )
    var endsWithZero = false

    @Option(
        help: ArgumentHelp(
            "Write what is found as one HTML page with thumbnails, which has all in it.",
            valueName: "file"
        )
    )
    var html: String?

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
        if let minScore, !(-1...1).contains(minScore) {
            throw ValidationError("--min-score must be from -1 to 1, not \(minScore).")
        }
        if text == nil, like.isEmpty, plus.isEmpty {
            throw ValidationError("Nothing to search for: give a text, or a picture with --like.")
        }
        if json, paths {
            throw ValidationError("--json and --paths are two forms of one answer. Give one of them.")
        }
        if html != nil, json || paths {
            throw ValidationError("--html writes a file: give neither --json nor --paths.")
        }
        if endsWithZero, !paths { throw ValidationError("-0 ends paths: give --paths, too.") }
        if text == "-", !(like + plus + minus).isEmpty {
            throw ValidationError(
                "Texts of standard input are searched each by itself, without anything added."
            )
        }
        _ = try since.map { try SearchTime.nanoseconds($0, now: Date()) }
    }

    func run() async throws {
        var environment = Environment()
        let path = try place.path(environment)
        do throws(any Error) {
            let opened = try await IndexLocation(path).opened()
            var options = options
            if options.usesBundledModel(environment), !opened.model.source.isEmpty {
                options.models = [opened.model.source]
            }
            if options.precision == nil, environment.string("CLIP_PRECISION") == nil {
                options.precision = opened.model.precision
            }
            let configuration = options.engineConfiguration(&environment)
            let index = opened.searchable(threads: configuration.computeThreads)
            let answers = try SearchAnswers(self, configuration)
            if text == "-" {
                let texts = try Terminal.readLines().filter { !$0.isEmpty }
                guard !texts.isEmpty else {
                    throw CommandFailure("Standard input has no line of text.", status: .unusableInput)
                }
                try await withEngine(configuration, options, environment) { engine in
                    try index.model.require(try await IndexedModel(of: engine))
                    for start in stride(from: 0, to: texts.count, by: together) {
                        var terms = SearchTerms(each: texts[start..<min(start + together, texts.count)])
                        try await terms.embed(by: engine, environment)
                        try await answer(terms, in: index, answers)
                    }
                }
            } else {
                var terms = try self.terms()
                try await terms.take(from: index)
                if terms.needsEngine {
                    try await withEngine(configuration, options, environment) { engine in
                        try index.model.require(try await IndexedModel(of: engine))
                        try await terms.embed(by: engine, environment)
                    }
                }
                try await answer(terms, in: index, answers)
            }
            try answers.end()
        } catch let error as IndexError {
            throw CommandFailure(error)
        } catch let error as PictureSearchError {
            throw CommandFailure(error)
        }
    }

    /// Texts of standard input that are embedded, searched and told at once: what a search keeps for each has to fit in memory.
    private var together: Int { max(1, min(128, (1 << 20) / wanted)) }

    /// What is looked for, as it was typed.
    var title: String {
        let parts =
            [text].compactMap(\.self) + like.map { "like \($0)" } + plus.map { "+ \($0)" }
            + minus.map { "- \($0)" }
        return parts.joined(separator: " ")
    }

    private func terms() throws -> SearchTerms {
        var terms = SearchTerms()
        if let text { terms.add(.text(try Terminal.text(ofArgument: text)), weight: 1) }
        for file in like { terms.add(.picture(file), weight: 1) }
        for value in plus { try terms.add(value, sign: 1) }
        for value in minus { try terms.add(value, sign: -1) }
        return terms
    }

    private func answer(
        _ terms: SearchTerms,
        in index: any SearchableIndex,
        _ answers: SearchAnswers
    ) async throws {
        var scope = IndexFile.Scope()
        scope.folder = under.map { FileName.absolute($0) }
        scope.since = try since.map { try SearchTime.nanoseconds($0, now: Date()) }
        let queries = try terms.queries(for: index.model)
        let result = try await index.search(
            queries.map { query in
                ImageIndex.Query(
                    query.embedding,
                    top: wanted,
                    minScore: minScore ?? -.infinity,
                    scope: scope,
                    excluding: query.excluded
                )
            }
        )
        for (query, matches) in zip(queries, result.matches) {
            try await answers.write(matches, for: terms.isOfMany ? query.name : nil)
        }
        answers.searched += result.searched
    }
}
