internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A folder with the files of shards; several processes may write into it, each of them shards of its own.
package struct OutputFolder: Sendable {
    package let path: String
    package let settings: OutputSettings
    /// Whether shards are written anew that are there with other settings.
    private let replaces: Bool
    /// Whether shards are written anew that have failures, or whose archive was damaged.
    private let retries: Bool
    /// What was there at the beginning under hidden names.
    private let leftovers: [String]

    /// Makes the folder where there is none.
    ///
    /// - Parameters:
    ///   - replacing: whether shards are written anew that are there with other settings.
    ///   - retrying: whether shards are that have failures, or whose archive was damaged.
    package init(
        _ path: String,
        settings: OutputSettings,
        replacing: Bool = false,
        retrying: Bool = false
    ) throws(OutputError) {
        self.path = path
        (self.settings, replaces, retries) = (settings, replacing, retrying)
        try Self.make(path)
        guard let names = FileName.names(inFolder: path) else {
            throw .unusable(path: path, cause: String(cString: strerror(errno)))
        }
        leftovers = names.filter(ShardFile.isHidden)
    }

    private static func make(_ path: String) throws(OutputError) {
        if case .folder = FileKind(at: path) { return }
        // Those above it first, as far as they are missing; somebody else may be making them, too.
        let trimmed = path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
        if let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")), slash > trimmed.utf8.startIndex {
            try make(String(trimmed[..<slash]))
        }
        guard FileName.withPath(path, { mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
            throw .unusable(path: path, cause: String(cString: strerror(errno)))
        }
    }

    /// What is to be done with a shard.
    package enum Verdict: Equatable, Sendable {
        case isToBeWritten
        /// It is finished: so many rows and failures, and why its archive could not be read to the end.
        case isFinished(embedded: Int, failed: Int, damage: String?)
    }

    /// Looks whether a shard is finished, and removes what killed processes have left of it.
    ///
    /// - Throws: `otherSettings` and `foreignRecord` where it is finished, and nobody said that it may be replaced; `sameOutput` where a
    ///   finished shard has a file of that name.
    package func verdict(on shard: Shard) throws(OutputError) -> Verdict {
        ShardFile.sweep(leftovers, ofShard: shard.name, in: path)
        let record = recordPath(shard.name)
        guard let written = FileLook(at: record) else {
            for (name, file) in ShardNames.neighbours(of: shard.name)
            where FileLook(at: recordPath(name)) != nil {
                throw .sameOutput(name: file, first: name, second: shard.name)
            }
            return .isToBeWritten
        }
        switch try ShardRecord(settings, shard.source).compare(withFileAt: record, written: written.modified)
        {
        case .outdated: return .isToBeWritten
        case .agrees(_, let failed, let damage) where retries && (failed > 0 || damage != nil):
            return .isToBeWritten
        case .agrees(let embedded, let failed, let damage):
            return .isFinished(embedded: embedded, failed: failed, damage: damage)
        case .differs where replaces, .foreign where replaces: return .isToBeWritten
        case .differs(let setting, let written, let given):
            throw .otherSettings(path: record, setting: setting, written: written, given: given)
        case .foreign: throw .foreignRecord(path: record)
        }
    }

    /// Begins with the files of a shard.
    package func writer(for shard: Shard) throws(OutputError) -> ShardWriter {
        try ShardWriter(shard, in: self)
    }

    func recordPath(_ shard: String) -> String { "\(path)/\(shard)\(ShardRecord.fileEnd)" }

    /// Has the disk keep the names that were given.
    func synchronize() throws(OutputError) {
        let descriptor = FileName.withPath(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw ShardFile.failure(at: path, errno) }
        defer { close(descriptor) }
        // Some file systems of networks keep names at once, and know no such call for folders.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw ShardFile.failure(at: path, errno) }
    }

    /// Removes what an earlier run has written under these names.
    func remove(_ names: [String]) throws(OutputError) {
        for name in names {
            let file = "\(path)/\(name)"
            guard FileName.withPath(file, { unlink($0) }) == 0 || errno == ENOENT else {
                throw ShardFile.failure(at: file, errno)
            }
        }
    }
}
