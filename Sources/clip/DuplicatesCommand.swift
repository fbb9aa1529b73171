import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// `clip duplicates`: files of an index that have equal bytes, and pictures that are alike.
struct DuplicatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates",
        abstract: "Find files of equal bytes in an index, and pictures that are alike.",
        discussion: """
            Every picture is compared with every other. Two are alike if their cosine is --min-score at least; a group has all that \
            are alike with one of it. First in a group comes the picture with the most bytes, and the score of the others is their \
            cosine with that one. Groups are printed as they are found: equal bytes first.

            --paths is for removing files. It looks at each file and reads it: what is not there as it was indexed is not printed, nor \
            are links, files that links of the group lead to, and more than one name of a file, and one file of each group stays.

            Examples:
              clip duplicates
              clip duplicates --under ~/Pictures/2025 --min-score 0.98 --json
              clip duplicates --equal --paths -0 | xargs -0 rm --
            """
    )

    @OptionGroup var place: IndexOptions

    @Option(
        help:
            "The least cosine of two pictures that are alike, from -1 to 1; \(DuplicatesCommand.usualScore) by default."
    )
    var minScore = DuplicatesCommand.usualScore

    /// Documentation/Search.md says what it was measured on.
    static let usualScore: Float = 0.97

    @Flag(help: "Look for files of equal bytes alone.")
    var equal = false

    @Option(help: ArgumentHelp("Only pictures below this folder.", valueName: "folder"))
    var under: String?

    @Option(help: "Threads that compare; by default one a core.")
    var threads = MachineProcessors.current.threads

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(
        help: """
            Print paths alone, of files that can be removed: of each group all but one, those aside whose cosine with the first is less \
            than --min-score.
            """
    )
    var paths = false

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "End paths with a zero byte instead of a line's end."
    )
    var endsWithZero = false

    func validate() throws {
        guard (-1...1).contains(minScore) else {
            throw ValidationError("--min-score must be from -1 to 1, not \(minScore).")
        }
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads must be from 1 to 1024, not \(threads).")
        }
        if json, paths {
            throw ValidationError("--json and --paths are two forms of one answer. Give one of them.")
        }
        if endsWithZero, !paths { throw ValidationError("-0 ends paths: give --paths, too.") }
    }

    func run() throws {
        let path = try place.path(Environment())
        var scope = IndexFile.Scope()
        scope.folder = under.map { FileName.absolute($0) }
        var failure: (any Error)?
        var (equal, alike) = (0, 0)
        do throws(IndexError) {
            let index = try IndexLocation(path).duplicateSource()
            let search = DuplicateSearch(index, threads: threads)
            var removal = Removal(index, in: scope, minScore: minScore, endsWithZero: endsWithZero)
            try search.run(in: scope, minScore: self.equal ? nil : minScore) { group in
                if case .equal = group { equal += 1 } else { alike += 1 }
                do {
                    if paths { try removal.write(group) } else { try write(group) }
                } catch {
                    failure = error
                }
                return failure == nil
            }
            if failure == nil { removal.end() }
        } catch {
            throw CommandFailure(error)
        }
        if let error = failure as? IndexError { throw CommandFailure(error) }
        if let failure { throw failure }
        if !json, !paths {
            let others = self.equal ? "" : ", of pictures that are alike: \(alike)"
            try Terminal.write(line: "groups of files of equal bytes: \(equal)\(others)")
        }
    }

    private func write(_ group: DuplicateSearch.Group) throws {
        if json { return try Terminal.write(line: Self.json(of: group)) }
        switch group {
        case .equal(_, let paths, let bytes):
            try Terminal.write(line: "\(paths.count) files of equal bytes, \(bytes) each")
            for path in paths { try Terminal.write(line: "  \(path.printable)") }
        case .alike(let pictures):
            try Terminal.write(line: "\(pictures.count) pictures that are alike")
            for picture in pictures {
                let copies = picture.paths.count > 1 ? "  (and \(picture.paths.count - 1) copies)" : ""
                try Terminal.write(
                    line: String(format: "  %7.4f  %10ld  ", picture.score, picture.bytes)
                        + (picture.paths.first ?? "").printable + copies
                )
            }
        }
        try Terminal.write(line: "")
    }

    private static func json(of group: DuplicateSearch.Group) -> String {
        switch group {
        case .equal(_, let paths, let bytes):
            let paths = paths.map(JSONText.string).joined(separator: ",")
            return "{\"kind\":\"equal\",\"bytes\":\(bytes),\"paths\":[\(paths)]}"
        case .alike(let pictures):
            let pictures = pictures.map { picture in
                var members = [
                    "\"path\":\(JSONText.string(picture.paths.first ?? ""))",
                    "\"score\":\(JSONText.number(picture.score))", "\"bytes\":\(picture.bytes)",
                ]
                if picture.paths.count > 1 {
                    let copies = picture.paths.dropFirst().map(JSONText.string).joined(separator: ",")
                    members.append("\"copies\":[\(copies)]")
                }
                return "{\(members.joined(separator: ","))}"
            }
            return "{\"kind\":\"alike\",\"pictures\":[\(pictures.joined(separator: ","))]}"
        }
    }
}

/// Prints the paths of files that can be removed, and says at the end what is not among them.
private struct Removal {
    private var files: SuperfluousFiles
    private let minScore: Float
    private let endsWithZero: Bool
    private var unprintable = 0

    init(
        _ index: any DuplicateSource,
        in scope: IndexFile.Scope,
        minScore: Float,
        endsWithZero: Bool
    ) {
        files = SuperfluousFiles(index, in: scope)
        (self.minScore, self.endsWithZero) = (minScore, endsWithZero)
    }

    mutating func write(_ group: DuplicateSearch.Group) throws {
        for path in try files.paths(of: group, minScore: minScore) {
            // A reader of lines would take it for two paths, and the second could be that of a file that stays.
            if !endsWithZero, path.utf8.contains(0x0A) {
                unprintable += 1
            } else {
                try Terminal.write(path: path, endsWithZero: endsWithZero)
            }
        }
    }

    func end() {
        if files.changed > 0 {
            Terminal.complain(
                "Not printed: \(files.changed) files that are not there, cannot be read, or are not as they were indexed. "
                    + "Use `clip index` to bring the index up to date, on the machine that has them.\n"
            )
        }
        if files.aliases > 0 {
            Terminal.complain(
                "Not printed: \(files.aliases) links, files that links lead to, and further names of a file.\n"
            )
        }
        if unprintable > 0 {
            Terminal.complain("Not printed: \(unprintable) paths with the end of a line in them. Give -0.\n")
        }
    }
}
