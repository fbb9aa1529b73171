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

    @Option(help: "How many pictures are told at most, the best first.")
    var top = 20

    @Option(help: "The least score that is told.")
    var minScore: Float?

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
        if top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
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
            var terms = try self.terms()
            try await terms.take(from: index)
            if terms.needsEngine {
                try await withEngine(configuration, options, environment) { engine in
                    try index.model.require(try await IndexedModel(of: engine))
                    try await terms.embed(by: engine, environment)
                }
            }
            try await answer(terms, in: index, configuration)
        } catch let error as IndexError {
            throw CommandFailure(error)
        }
    }

    /// What is looked for, as it was typed.
    private var title: String {
        let parts =
            [text].compactMap(\.self) + like.map { "like \($0)" } + plus.map { "+ \($0)" }
            + minus.map { "- \($0)" }
        return parts.joined(separator: " ")
    }

    private func terms() throws -> SearchTerms {
        if text == "-" { return SearchTerms(each: try Terminal.readLines().filter { !$0.isEmpty }) }
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
        _ configuration: EngineConfiguration
    ) async throws {
        var scope = IndexFile.Scope()
        scope.folder = under.map { FileName.absolute($0) }
        scope.since = try since.map { try SearchTime.nanoseconds($0, now: Date()) }
        let queries = terms.queries.map { query in
            ImageIndex.Query(
                query.embedding,
                top: top,
                minScore: minScore ?? -.infinity,
                scope: scope,
                excluding: query.excluded
            )
        }
        let result = try await index.search(queries)
        if let html {
            let found = zip(terms.queries, result.matches).map {
                (query: terms.isOfMany ? $0.name : title, matches: $1)
            }
            try await ContactSheetWriter(file: html, configuration).write(found)
            return
        }
        for (query, matches) in zip(terms.queries, result.matches) {
            for match in matches { try write(match, for: terms.isOfMany ? query.name : nil) }
        }
        if result.searched == 0 { Terminal.complain("There is no picture to search.\n") }
    }

    /// - Parameter query: what was looked for, where that is one of many.
    private func write(_ match: ImageIndex.Match, for query: String?) throws(CommandFailure) {
        guard let path = match.paths.first else { return }
        if json {
            var members = query.map { ["\"query\":\(JSONText.string($0))"] } ?? []
            members.append("\"path\":\(JSONText.string(path))")
            members.append("\"score\":\(JSONText.number(match.score))")
            if match.paths.count > 1 {
                members.append(
                    "\"copies\":[\(match.paths.dropFirst().map(JSONText.string).joined(separator: ","))]"
                )
            }
            try Terminal.write(line: "{\(members.joined(separator: ","))}")
        } else if paths {
            try Terminal.write(path: path, endsWithZero: endsWithZero)
        } else {
            let title = query.map { "\($0.printable)\t" } ?? ""
            let copies = match.paths.count > 1 ? "  (and \(match.paths.count - 1) copies)" : ""
            try Terminal.write(line: title + String(format: "%7.4f  ", match.score) + path.printable + copies)
        }
    }
}
