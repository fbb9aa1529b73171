internal import CLIPFiles
internal import Foundation
internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What makes an index where there is none.
extension IndexFile {
    /// Makes an empty index: beside its place, and then there, so that one is never there in part.
    ///
    /// Whoever calls it has the lock: there is one draft at a time, and what lies beside the place belongs to an index that is gone.
    ///
    /// - Parameter place: after following links, where there is nothing.
    static func make(_ place: String, for model: IndexedModel) throws(IndexError) {
        let draft = "\(place).lock.new"
        try doing(place) {
            // A kill may have left one.
            try remove(draft, endings: [""] + journals)
            defer { try? remove(draft, endings: [""] + journals) }
            do {
                // Not in WAL mode yet: what tells the file from others has to stand in its header.
                let database = try DatabaseQueue(path: DatabaseName.of(draft))
                try IndexSchema.migrator.migrate(database)
                try database.write { try write(model, hashKey: IndexHashKey.random(), to: $0) }
                try database.close()
            }
            // If the file of an index was moved away or removed by itself, SQLite would write into the new one what was written into
            // the old one's log.
            try remove(place, endings: journals)
            try put(draft, at: place)
            sync(folderOf: place)
        }
    }

    /// What SQLite may have beside a file.
    private static let journals = ["-wal", "-shm", "-journal"]

    private static func remove(_ path: String, endings: [String]) throws(IndexError) {
        for ending in endings {
            guard FileName.withPath(path + ending, { unlink($0) }) != 0, errno != ENOENT else { continue }
            let cause = String(cString: strerror(errno))
            throw .unusable(
                path: path,
                cause: "\(path)\(ending) of an earlier one cannot be removed: \(cause)"
            )
        }
    }

    /// Gives a draft its name, unless something has it.
    ///
    /// - Parameter hasLinks: whether the disk may have links; where it has none, that turns out.
    package static func put(
        _ draft: String,
        at place: String,
        hasLinks: Bool = true
    ) throws(IndexError) {
        // A link, since a rename would take the place of a file that another program has made meanwhile.
        let isLinked =
            hasLinks
            && FileName.withPath(draft) { draft in FileName.withPath(place) { link(draft, $0) } } == 0
        // FAT has none, nor have many disks of other machines. Of our programs, the lock keeps all others away.
        if isLinked || FileName.isThere(place) { return }
        let isRenamed =
            FileName.withPath(draft) { draft in FileName.withPath(place) { rename(draft, $0) } } == 0
        guard isRenamed else { throw .unusable(path: place, cause: String(cString: strerror(errno))) }
    }

    /// Has the disk keep a new name, as far as it does.
    private static func sync(folderOf path: String) {
        let bytes = FileName.bytes(of: path)
        let end = bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
        let folder = end == 0 ? "/" : FileName.text(of: bytes[..<end])
        let descriptor = FileName.withPath(folder) { systemOpen($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func write(_ model: IndexedModel, hashKey: IndexHashKey, to access: Database) throws {
        let facts: [(String, any DatabaseValueConvertible)] = [
            ("model", model.name), ("precision", model.precision), ("sample", Floats.data(model.sample)),
            ("source", model.source),
            ("hash key", Data(hashKey.bytes)), ("generation", 1),
        ]
        for (name, value) in facts {
            try access.execute(sql: "INSERT INTO facts VALUES (?, ?)", arguments: [name, value])
        }
    }
}

/// The system's `open`, which those of the index hide.
private func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 { open(path, flags) }
