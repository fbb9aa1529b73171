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
            goes on with what changes, until Ctrl-C or SIGTERM. Files that are no pictures are kept with the reason, and not tried again \
            until they change: --failures lists them.

            Examples:
              clip index ~/Pictures
              clip index --failures
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

    @Flag(
        help:
            "Only list the files that were no pictures, with the reason, as the index keeps them: all, or those below the folders."
    )
    var failures = false

    @Flag(help: "List failures as one JSON object a line.")
    var json = false

    func validate() throws {
        if json, !failures { throw ValidationError("--json is a form of --failures. Give that, too.") }
        if failures {
            if prune || watch || retry || hnsw != nil || selection.filesFrom != nil {
                throw ValidationError(
                    "--failures only lists: give no --prune, --watch, --retry, --hnsw or --files-from."
                )
            }
            return
        }
        if folders.isEmpty, selection.filesFrom == nil, !prune, hnsw == nil {
            throw ValidationError("Nothing to index: name folders or pictures, or a list with --files-from.")
        }
        if watch, folders.isEmpty || selection.filesFrom != nil {
            throw ValidationError("--watch is for folders: name some, and give no --files-from.")
        }
    }

    func run() async throws {
        var environment = Environment()
        if failures { return try listFailures(environment) }
        let configuration = options.engineConfiguration(&environment)
        let path = try place.path(environment)
        if place.index == nil, environment.string("CLIP_INDEX") == nil {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        let location = try location(path)
        let rules = try selection.rules(most: configuration.maxImageBytes)
        let sources = try self.sources()
        try await withEngine(configuration, options, environment) { engine in
            var source = options.models.first ?? environment.list("CLIP_MODEL")?.first ?? ""
            // A search may be asked for in another folder.
            if FileManager.default.fileExists(atPath: source) { source = FileName.absolute(source) }
            let file = try await opened(location, for: try await IndexedModel(of: engine, source: source))
            let update = IndexUpdate(file, by: engine, retries: retry)
            do {
                var status = CommandStatus.success
                if watch {
                    try await keepUpToDate(file, update, sources, rules)
                } else {
                    status = try await bringUpToDate(file, update, sources, rules)
                }
                if let hnsw { try await file.setSearch(approximate: hnsw) }
                if status != .success { throw ExitCode(status.rawValue) }
            } catch let error as IndexUpdateError {
                throw CommandFailure(error, environment)
            } catch let error as IndexWatchError {
                throw CommandFailure(error, environment)
            } catch let error as IndexError {
                throw CommandFailure(error)
            }
        }
    }

    /// - Returns: what the command ends with: whether what was named could be read, and files that were named are pictures.
    private func bringUpToDate(
        _ file: any IndexStore,
        _ update: IndexUpdate,
        _ sources: Sources,
        _ rules: FolderWalk.Rules
    ) async throws -> CommandStatus {
        var update = update
        update.followsLinks = rules.followsLinks
        let report = UpdateReport()
        var named = IndexTally()
        do {
            let (folders, files) = (sources.folders, sources.files)
            try await report.expect(folders, rules, named: files.count, in: file)
            var tally = IndexTally()
            if !folders.isEmpty { tally = try await update.run(folders: folders, rules: rules, report.note) }
            if !files.isEmpty {
                report.goOn(after: tally)
                named = try await update.run(files: files, report.note)
                tally.add(named)
            }
            report.end(tally)
        } catch {
            report.end(nil)
            throw error
        }
        if prune, !watch { try await forget(file) }
        if sources.folders.count == sources.away, !sources.files.isEmpty, named.unreadable == named.files {
            return .missingInput
        }
        return sources.away + named.failed + named.failedBefore + named.unreadable > 0
            ? .answerIsNo : .success
    }

    /// Goes on until a signal ends it, with what is in hand written.
    private func keepUpToDate(
        _ file: any IndexStore,
        _ update: IndexUpdate,
        _ sources: Sources,
        _ rules: FolderWalk.Rules
    ) async throws {
        let signals = StopSignals()
        var update = update
        update.isStopped = signals.isRequested
        if !sources.files.isEmpty {
            _ = try await bringUpToDate(file, update, Sources(files: sources.files), rules)
        }
        let report = UpdateReport()
        try await report.expect(sources.folders, rules, named: 0, in: file)
        var isFirst = true
        defer { report.end(nil) }
        try await IndexWatch(update, folders: sources.folders, rules: rules).run(report.note) {
            tally,
            count in
            report.end(tally)
            guard isFirst, !signals.isRequested() else { return }
            isFirst = false
            do { if prune { try await forget(file) } } catch { Terminal.complain("\(error)\n") }
            Terminal.complain("Watching \(count) \(count == 1 ? "folder" : "folders"). Ctrl-C ends it.\n")
        }
        withExtendedLifetime(signals) {}
    }

    private func forget(_ file: any IndexStore) async throws {
        let failures = try await file.pruneFailures()
        if failures > 0 {
            try Terminal.write(line: "\(failures) files that are gone, and were no pictures, were forgotten.")
        }
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

    /// What was named, with whole paths: the index is asked from other folders, too.
    private struct Sources {
        var folders: [String] = []
        var files: [String] = []
        /// How many of the folders cannot be read.
        var away = 0
    }

    /// - Throws: a failure if nothing that was named can be read; a folder that is watched may come later.
    private func sources() throws -> Sources {
        var sources = Sources()
        for name in folders {
            switch FileKind(at: name) {
            case .folder: sources.folders.append(FileName.absolute(name))
            case .file: sources.files.append(FileName.absolute(name))
            case .other:
                throw CommandFailure("\(name.printable) is no file and no folder.", status: .unusableInput)
            case .unreachable(let cause):
                // A disk that is away must not stop the others.
                Terminal.complain("\(name.printable): It cannot be read: \(cause).\n")
                sources.folders.append(FileName.absolute(name))
                sources.away += 1
            }
        }
        sources.files += try selection.listed().map(FileName.absolute)
        if sources.away > 0, sources.away == folders.count, sources.files.isEmpty, !watch {
            throw CommandFailure(
                "Nothing was indexed: none of the folders can be read. What an index has of them stays in it.",
                status: .missingInput
            )
        }
        return sources
    }

    /// Prints what the index keeps of files that were no pictures.
    private func listFailures(_ environment: Environment) throws {
        let path = try place.path(environment)
        let below: [String?] = folders.isEmpty ? [nil] : folders.map { FileName.absolute($0) }
        var trouble: (any Error)?
        do throws(IndexError) {
            let location = try IndexLocation(path)
            for folder in below {
                try location.failures(below: folder) { failure in
                    do { try write(failure) } catch { trouble = error }
                    return trouble == nil
                }
            }
        } catch {
            throw CommandFailure(error)
        }
        if let trouble { throw trouble }
    }

    private func write(_ failure: IndexFailure) throws {
        guard json else {
            return try Terminal.write(line: "\(failure.path.printable): \(failure.reason.printable)")
        }
        let (path, reason) = (JSONText.string(failure.path), JSONText.string(failure.reason))
        try Terminal.write(line: "{\"path\":\(path),\"reason\":\(reason)}")
    }
}
