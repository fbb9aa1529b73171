internal import CLIPFiles
internal import Foundation
internal import GRDB
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An index in one SQLite file: who writes commits every few seconds, and others read meanwhile.
///
/// Nothing but SQLite opens the file: closing it would end the locks that all of SQLite's connections of this process have on it, and
/// others would then take a log away that these still read (https://www.sqlite.org/howtocorrupt.html, 2.2).
package final class IndexFile: Sendable {
    package let path: String
    package let model: IndexedModel
    /// What contents are hashed with: nobody who makes pictures knows it.
    package let hashKey: IndexHashKey
    let code: VectorCode
    private let database: DatabaseQueue
    /// How the file looked when it was opened to be read without locks; nil where SQLite's hold.
    private let frozen: FileStamp?
    /// What who writes has.
    private let lock: IndexLock?

    private init(
        path: String,
        model: IndexedModel,
        hashKey: IndexHashKey,
        _ database: DatabaseQueue,
        _ rights: Rights
    ) {
        (self.path, self.model, self.hashKey, self.database) = (path, model, hashKey, database)
        (frozen, lock) =
            switch rights {
            case .reading(let frozen): (frozen, nil)
            case .writing(let lock): (nil, lock)
            }
        code = VectorCode(width: model.width)
    }

    deinit {
        // Before the lock goes to another writer.
        if lock != nil { try? database.close() }
    }

    private enum Rights {
        case reading(frozen: FileStamp?)
        case writing(IndexLock)
    }

    /// Opens an index to be searched.
    ///
    /// SQLite needs a file beside an index even for reading. Where there is none and nobody may make one, the index is read without
    /// locks, and what was read is thrown away if it turns out to have been written meanwhile.
    package static func open(_ path: String) throws(IndexError) -> IndexFile {
        try require(path)
        return try doing(path) {
            do {
                return try opened(path, .reading(frozen: nil))
            } catch let error as DatabaseError {
                switch error.resultCode {
                case .SQLITE_CANTOPEN, .SQLITE_READONLY: break
                default: throw error
                }
                let stamp = try FileStamp(path)
                guard !stamp.hasLog else {
                    let cause =
                        "what was written last is in \(path)-wal, and cannot be read without the right to write beside it"
                    throw IndexError.unusable(path: path, cause: cause)
                }
                guard DatabaseName.takesAddresses else { throw error }
                return try opened(path, .reading(frozen: stamp))
            }
        }
    }

    /// Opens an index to be brought up to date with a model's vectors, and makes it where there is none.
    ///
    /// - Parameter patience: for how long another writer is waited for, on the calling thread.
    package static func open(
        _ path: String,
        for model: IndexedModel,
        patience: Duration = .seconds(3)
    ) throws(IndexError) -> IndexFile {
        // Nothing is put beside what is none of ours.
        if FileName.isThere(path) { try require(path) }
        // SQLite follows links, too, before it puts something beside it.
        let place = FileName.absolute(path)
        let lock = try IndexLock.take(beside: place, named: path, patience: patience)
        if !FileName.isThere(path) { try make(place, for: model) }
        try require(path)
        try require(W_OK, of: path)
        let file = try doing(path) { try opened(path, .writing(lock)) }
        try file.model.require(model)
        try doing(path) {
            try file.database.writeWithoutTransaction { access in
                let mode = try String.fetchOne(access, sql: "PRAGMA journal_mode = WAL")
                guard mode == "wal" else {
                    throw IndexError.unusable(path: path, cause: "its disk has no shared memory")
                }
                try access.execute(sql: "PRAGMA synchronous = NORMAL")
            }
            try IndexSchema.migrator.migrate(file.database)
        }
        return file
    }

    private static func opened(_ path: String, _ rights: Rights) throws -> IndexFile {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        var isFrozen = false
        if case .reading(let frozen) = rights { (configuration.readonly, isFrozen) = (true, frozen != nil) }
        let name = try DatabaseName.of(path, isFrozen: isFrozen)
        let database = try DatabaseQueue(path: name, configuration: configuration)
        return try database.read { try file(path, database, rights, $0) }
    }

    /// Refuses another model than the one whose vectors are here.
    package func require(_ model: IndexedModel) throws(IndexError) { try self.model.require(model) }

    /// Whether it was opened to be read without locks, and has been written since: it has to be opened anew.
    package var isOutdated: Bool {
        guard let frozen else { return false }
        return (try? FileStamp(path)) != frozen
    }

    // MARK: What is there

    /// Looks at the header of a file before SQLite takes it for a database of its own, so that a file that is none of ours stays as it
    /// is.
    private static func require(_ path: String) throws(IndexError) {
        var status = stat()
        guard FileName.withPath(path, { fstatat(AT_FDCWD, $0, &status, 0) }) == 0 else {
            throw .notFound(path: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .foreign(path: path) }
        try require(R_OK, of: path)
        guard try applicationID(path) == IndexSchema.applicationID else { throw .foreign(path: path) }
    }

    /// Looks whether the user may do something with a file, and says what the system has against it; SQLite would not.
    private static func require(_ right: Int32, of path: String) throws(IndexError) {
        guard FileName.withPath(path, { faccessat(AT_FDCWD, $0, right, AT_EACCESS) }) != 0 else { return }
        throw .unusable(path: path, cause: String(cString: strerror(errno)))
    }

    /// The mark of the program that a file is of, as its header has it.
    private static func applicationID(_ path: String) throws(IndexError) -> Int? {
        guard DatabaseName.takesAddresses else { return try headerID(path) }
        let found = Mutex<Int?>(nil)
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { access in
            // A file that is just growing is shorter than its header says; with this SQLite reads the header all the same.
            try access.execute(sql: "PRAGMA writable_schema = ON")
            let id = try Int.fetchOne(access, sql: "PRAGMA application_id")
            found.withLock { $0 = id }
        }
        do throws(IndexError) {
            // Without locks and logs nothing is changed, and SQLite ends no locks that another connection of this process has.
            _ = try doing(path) {
                try DatabaseQueue(path: DatabaseName.of(path, isFrozen: true), configuration: configuration)
            }
        } catch {
            // More than the header is not asked for.
            guard found.withLock({ $0 }) != nil else { throw error }
        }
        return found.withLock { $0 }
    }

    /// The same where SQLite cannot be asked.
    private static func headerID(_ path: String) throws(IndexError) -> Int? {
        let start: [UInt8]
        do throws(FileError) {
            start = try FileContents.read(path, limit: 99)
        } catch {
            throw .unusable(path: path, cause: "\(error)")
        }
        // https://www.sqlite.org/fileformat.html, 1.3: magic, and the application's id at byte 68.
        guard start.count == 100, start.starts(with: "SQLite format 3\0".utf8) else { return nil }
        return start[68..<72].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func file(
        _ path: String,
        _ database: DatabaseQueue,
        _ rights: Rights,
        _ access: Database
    ) throws -> IndexFile {
        func fact<Value: DatabaseValueConvertible>(_ name: String) throws -> Value {
            guard
                let value = try Value.fetchOne(
                    access,
                    sql: "SELECT value FROM facts WHERE name = ?",
                    arguments: [name]
                )
            else { throw IndexError.damaged(path: path, what: "it does not say its \(name)") }
            return value
        }
        guard try !IndexSchema.migrator.hasBeenSuperseded(access) else { throw IndexError.newer(path: path) }
        let sample: Data = try fact("sample")
        guard !sample.isEmpty, sample.count % 4 == 0, sample.count / 4 <= mostNumbers else {
            throw IndexError.damaged(path: path, what: "its sample is no vector")
        }
        guard let hashKey = IndexHashKey(bytes: Array(try fact("hash key") as Data)) else {
            throw IndexError.damaged(path: path, what: "its hash key is none")
        }
        let model = IndexedModel(
            name: try fact("model"),
            precision: try fact("precision"),
            sample: Floats.read(sample),
            source: try fact("source")
        )
        return IndexFile(path: path, model: model, hashKey: hashKey, database, rights)
    }

    /// Of an embedding; known models have 2,048 at most.
    private static let mostNumbers = 1 << 16

    // MARK: Access

    func damaged(_ what: String) -> IndexError { .damaged(path: path, what: what) }

    func read<Value>(_ body: (Database) throws -> Value) throws(IndexError) -> Value {
        let result = Swift.Result { () throws(IndexError) in
            try Self.doing(path) { try database.read(body) }
        }
        // Parts of it may be of before, and parts of after.
        guard !isOutdated else { throw .busy(path: path) }
        return try result.get()
    }

    /// In one transaction, which is there as a whole or not at all.
    func write<Value>(_ body: (Database) throws -> Value) throws(IndexError) -> Value {
        try Self.doing(path) { try database.write(body) }
    }

    /// Outside of a transaction, for what SQLite does in its own.
    func maintain<Value>(_ body: (Database) throws -> Value) throws(IndexError) -> Value {
        try Self.doing(path) { try database.writeWithoutTransaction(body) }
    }

    /// Tells what SQLite has to say as our errors.
    static func doing<Value>(_ path: String, _ body: () throws -> Value) throws(IndexError) -> Value {
        do {
            return try body()
        } catch let error as IndexError {
            throw error
        } catch  where error is Row.WrongKind || error is RowDecodingError {
            throw .damaged(path: path, what: "a value is of another kind")
        } catch let error as DatabaseError {
            let cause = error.message ?? error.resultCode.description
            throw switch error.resultCode {
            case .SQLITE_CORRUPT: .damaged(path: path, what: cause)
            case .SQLITE_NOTADB: .foreign(path: path)
            case .SQLITE_FULL: .diskFull(path: path)
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path: path)
            default: .unusable(path: path, cause: cause)
            }
        } catch {
            throw .unusable(path: path, cause: "\(error)")
        }
    }
}

extension Row {
    /// A value of a row; in a damaged file it may be of any kind, for which GRDB's subscripts stop the program.
    func value<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value {
        let stored: DatabaseValue = self[index]
        guard let value = Value.fromDatabaseValue(stored) else { throw WrongKind() }
        return value
    }

    struct WrongKind: Error {}
}
