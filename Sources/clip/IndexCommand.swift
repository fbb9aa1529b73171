import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// `clip index`: makes an index of the pictures below folders, or brings it up to date.
struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Make an index of pictures, or bring it up to date; clip search searches it.",
        discussion: """
            A file is known by its path, size and time, and then by its content: what was moved or renamed keeps its vector. What \
            is written is safe every two seconds; whoever runs the command again after a kill goes on from there. Files that are \
            gone are not found any more, and are forgotten with --prune; of a folder that is empty or not there, nothing is.

            Examples:
              clip index ~/Pictures
              clip index photos scans --exclude cache/ --exclude '*.thumb.jpg'
              find /data -name '*.jpg' -print0 | clip index --files-from - -0 --index data.index
            """
    )

    @OptionGroup var options: ModelOptions
    @OptionGroup var place: IndexOptions

    @Argument(help: "Folders, which are read with all that is below them, and picture files.")
    var folders: [String] = []

    @Option(help: ArgumentHelp("A file with a path a line; '-' is standard input.", valueName: "file"))
    var filesFrom: String?

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "Paths of --files-from end with a zero byte."
    )
    var endsWithZero = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Passes over what fits, as a line of .gitignore does; repeat for more."
    )
    var exclude: [String] = []

    @Option(help: ArgumentHelp("A file of such lines.", valueName: "file"))
    var excludeFrom: String?

    @Flag(help: "Look at names that begin with a dot, too.")
    var hidden = false

    @Flag(help: "Follow links.")
    var follow = false

    @Flag(help: "Look at all files, not only at those whose names end as pictures' do.")
    var allNames = false

    @Option(help: "Passes over files of fewer bytes; 1 by default.")
    var minBytes = 1

    @Flag(help: "Forget files that are gone.")
    var prune = false

    @Flag(help: "Try files again that were no pictures.")
    var retry = false

    @Flag(
        inversion: .prefixedNo,
        help:
            "In a database: have searches go through a graph (HNSW), which may miss some of the best, or through all."
    )
    var hnsw: Bool?

    func validate() throws {
        if folders.isEmpty, filesFrom == nil, !prune, hnsw == nil {
            throw ValidationError("Nothing to index: name folders or pictures, or a list with --files-from.")
        }
    }

    func run() async throws {
        var environment = Environment()
        let configuration = options.engineConfiguration(&environment)
        let path = try place.path(environment)
        if place.index == nil, environment.string("CLIP_INDEX") == nil {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        let location = try location(path)
        let rules = try rules(most: configuration.maxImageBytes)
        let (folders, files) = try sources()
        try await withEngine(configuration, options, environment) { engine in
            var source = options.models.first ?? environment.list("CLIP_MODEL")?.first ?? ""
            // A search may be asked for in another folder.
            if FileManager.default.fileExists(atPath: source) { source = FileName.absolute(source) }
            let file = try await opened(location, for: try await IndexedModel(of: engine, source: source))
            let update = IndexUpdate(file, by: engine, retries: retry)
            let start = ContinuousClock.now
            let report = UpdateReport()
            var tally = IndexTally()
            do {
                if !folders.isEmpty {
                    tally = try await update.run(folders: folders, rules: rules, report.note)
                }
                if !files.isEmpty { tally.add(try await update.run(files: files, report.note)) }
                report.end(tally, seconds: (ContinuousClock.now - start) / .seconds(1))
                if prune {
                    try Terminal.write(line: "\(try await file.prune()) files that are gone were forgotten.")
                }
                if let hnsw { try await file.setSearch(approximate: hnsw) }
            } catch let error as IndexUpdateError {
                report.end(nil, seconds: 0)
                switch error {
                case .index(let error): throw CommandFailure(error)
                case .engine(let error): throw CommandFailure(error, environment)
                }
            } catch let error as IndexError {
                throw CommandFailure(error)
            }
        }
    }

    private func location(_ path: String) throws -> IndexLocation {
        let location: IndexLocation
        do throws(IndexError) { location = try IndexLocation(path) } catch { throw CommandFailure(error) }
        if hnsw != nil, case .file = location {
            throw ValidationError("--hnsw is for an index in a database: a file is searched exactly.")
        }
        return location
    }

    private func opened(
        _ location: IndexLocation,
        for model: IndexedModel
    ) async throws(CommandFailure) -> any IndexStore {
        do throws(IndexError) {
            return try await location.opened(for: model)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func rules(most: Int) throws -> FolderWalk.Rules {
        var rules = FolderWalk.Rules()
        var lines = exclude.map { FileName.bytes(of: $0) }
        if let excludeFrom {
            lines += try Terminal.textBytes(of: excludeFrom).split(separator: UInt8(ascii: "\n")).map(
                Array.init
            )
        }
        rules.patterns = lines.compactMap { IgnorePattern($0) }
        (rules.takesHidden, rules.followsLinks, rules.takesAllNames) = (hidden, follow, allNames)
        guard (0...most).contains(minBytes) else {
            throw ValidationError("--min-bytes must be from 0 to \(most), the most bytes of a picture.")
        }
        rules.bytes = minBytes...most
        return rules
    }

    /// Folders, and files that were named, with whole paths: the index is asked from other folders, too.
    private func sources() throws -> (folders: [String], files: [String]) {
        var (folders, files) = ([String](), [String]())
        for name in self.folders {
            switch FileKind(at: name) {
            case .folder: folders.append(FileName.absolute(name))
            case .file: files.append(FileName.absolute(name))
            case .other:
                throw CommandFailure("\(name.printable) is no file and no folder.", status: .unusableInput)
            case .unreachable(let cause):
                // A disk that is away must not stop the others.
                Terminal.complain("\(name.printable): It cannot be read: \(cause).\n")
                folders.append(FileName.absolute(name))
            }
        }
        if let filesFrom {
            let end: UInt8 = endsWithZero ? 0 : UInt8(ascii: "\n")
            files += try Terminal.textBytes(of: filesFrom).split(separator: end)
                .map { FileName.absolute(FileName.text(of: $0)) }
        }
        return (folders, files)
    }
}
