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
            gone are not found any more, and are forgotten with --prune; of a folder that is empty or not there, nothing is. With --watch it \
            goes on with what changes, until Ctrl-C or SIGTERM.

            Examples:
              clip index ~/Pictures
              clip index photos scans --exclude cache/ --exclude '*.thumb.jpg'
              find /data -name '*.jpg' -print0 | clip index --files-from - -0 --index data.index
            """
    )

    @OptionGroup var options: ModelOptions
    @OptionGroup var place: IndexOptions
    @OptionGroup var selection: FileOptions

    @Argument(help: "Folders, which are read with all that is below them, and picture files.")
    var folders: [String] = []

    @Flag(help: "Forget files that are gone; the index gets smaller if a quarter of it is free then.")
    var prune = false

    @Flag(help: "Go on with what changes in the folders (Linux).")
    var watch = false

    @Flag(help: "Try files again that were no pictures.")
    var retry = false

    @Flag(
        inversion: .prefixedNo,
        help:
            "In a database: have searches go through a graph (HNSW), which may miss some of the best, or through all."
    )
    var hnsw: Bool?

    func validate() throws {
        if folders.isEmpty, selection.filesFrom == nil, !prune, hnsw == nil {
            throw ValidationError("Nothing to index: name folders or pictures, or a list with --files-from.")
        }
        if watch, folders.isEmpty || selection.filesFrom != nil {
            throw ValidationError("--watch is for folders: name some, and give no --files-from.")
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
        let rules = try selection.rules(most: configuration.maxImageBytes)
        let (folders, files) = try sources()
        try await withEngine(configuration, options, environment) { engine in
            var source = options.models.first ?? environment.list("CLIP_MODEL")?.first ?? ""
            // A search may be asked for in another folder.
            if FileManager.default.fileExists(atPath: source) { source = FileName.absolute(source) }
            let file = try await opened(location, for: try await IndexedModel(of: engine, source: source))
            let update = IndexUpdate(file, by: engine, retries: retry)
            do {
                if watch {
                    try await keepUpToDate(file, update, folders: folders, files: files, rules)
                } else {
                    try await bringUpToDate(file, update, folders: folders, files: files, rules)
                }
                if let hnsw { try await file.setSearch(approximate: hnsw) }
            } catch let error as IndexUpdateError {
                throw CommandFailure(error, environment)
            } catch let error as IndexWatchError {
                throw CommandFailure(error, environment)
            } catch let error as IndexError {
                throw CommandFailure(error)
            }
        }
    }

    private func bringUpToDate(
        _ file: any IndexStore,
        _ update: IndexUpdate,
        folders: [String],
        files: [String],
        _ rules: FolderWalk.Rules
    ) async throws {
        let report = UpdateReport()
        do {
            var tally = IndexTally()
            if !folders.isEmpty { tally = try await update.run(folders: folders, rules: rules, report.note) }
            if !files.isEmpty { tally.add(try await update.run(files: files, report.note)) }
            report.end(tally)
        } catch {
            report.end(nil)
            throw error
        }
        if prune, !watch { try await forget(file) }
    }

    /// Goes on until a signal ends it, with what is in hand written.
    private func keepUpToDate(
        _ file: any IndexStore,
        _ update: IndexUpdate,
        folders: [String],
        files: [String],
        _ rules: FolderWalk.Rules
    ) async throws {
        let signals = StopSignals()
        var update = update
        update.isStopped = signals.isRequested
        if !files.isEmpty { try await bringUpToDate(file, update, folders: [], files: files, rules) }
        let report = UpdateReport()
        var isFirst = true
        defer { report.end(nil) }
        try await IndexWatch(update, folders: folders, rules: rules).run(report.note) { tally, count in
            report.end(tally)
            guard isFirst, !signals.isRequested() else { return }
            isFirst = false
            do { if prune { try await forget(file) } } catch { Terminal.complain("\(error)\n") }
            Terminal.complain("Watching \(count) \(count == 1 ? "folder" : "folders"). Ctrl-C ends it.\n")
        }
        withExtendedLifetime(signals) {}
    }

    private func forget(_ file: any IndexStore) async throws {
        try Terminal.write(line: "\(try await file.prune()) files that are gone were forgotten.")
        guard let (vectors, bytes) = try await file.tidy() else { return }
        try Terminal.write(line: "\(vectors) vectors were taken out; the index is \(bytes) bytes smaller.")
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
        files += try selection.listed().map(FileName.absolute)
        return (folders, files)
    }
}
