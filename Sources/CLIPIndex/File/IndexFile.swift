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

/// An index in one SQLite file: who writes commits every few seconds, and others read meanwhile.
package final class IndexFile: Sendable {
    package let path: String
    package let model: IndexedModel
    /// What contents are hashed with: nobody who makes pictures knows it.
    package let hashKey: IndexHashKey
    let code: VectorCode
    private let database: DatabaseQueue

    private init(path: String, model: IndexedModel, hashKey: IndexHashKey, _ database: DatabaseQueue) {
        (self.path, self.model, self.hashKey, self.database) = (path, model, hashKey, database)
        code = VectorCode(width: model.width)
    }

    /// Opens an index to be searched.
    package static func open(_ path: String) throws(IndexError) -> IndexFile {
        try require(path)
        return try doing(path) {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            return try database.read { try file(path, database, $0) }
        }
    }

    /// Opens an index to be brought up to date with a model's vectors, and makes it where there is none.
    package static func open(_ path: String, for model: IndexedModel) throws(IndexError) -> IndexFile {
        if !isThere(path) { try make(path, for: model) }
        try require(path)
        let file = try doing(path) {
            var configuration = Configuration()
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(10)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            return try database.read { try Self.file(path, database, $0) }
        }
        try file.model.require(model)
        try doing(path) { try IndexSchema.migrator.migrate(file.database) }
        return file
    }

    /// Makes an empty index: beside its place, and then there, so that one is never there in part.
    private static func make(_ path: String, for model: IndexedModel) throws(IndexError) {
        let draft = "\(path).new-\(ProcessInfo.processInfo.processIdentifier)"
        try doing(path) {
            defer { _ = FileName.withPath(draft) { unlink($0) } }
            do {
                // Not in WAL mode yet: what tells the file from others has to stand in its header.
                let database = try DatabaseQueue(path: draft)
                try IndexSchema.migrator.migrate(database)
                try database.write { try write(model, hashKey: IndexHashKey.random(), to: $0) }
                try database.close()
            }
            // A link, since a rename would take the place of an index that another process has made meanwhile.
            let result = FileName.withPath(draft) { draft in FileName.withPath(path) { link(draft, $0) } }
            guard result == 0 || errno == EEXIST else {
                throw IndexError.unusable(path: path, cause: String(cString: strerror(errno)))
            }
        }
    }

    /// Refuses another model than the one whose vectors are here.
    package func require(_ model: IndexedModel) throws(IndexError) { try self.model.require(model) }

    // MARK: What is there

    private static func isThere(_ path: String) -> Bool {
        if case .file = FileKind(at: path), (try? FileContents.read(path, limit: 0))?.isEmpty == false {
            return true
        }
        return false
    }

    /// Looks at the header of a file before SQLite does, so that a file that is none of ours stays as it is.
    private static func require(_ path: String) throws(IndexError) {
        switch FileKind(at: path) {
        case .file: break
        case .unreachable: throw .notFound(path: path)
        case .folder, .other: throw .foreign(path: path)
        }
        let start: [UInt8]
        do throws(FileError) {
            start = try FileContents.read(path, limit: 99)
        } catch {
            guard case .unreadable(_, let cause) = error else {
                throw .unusable(path: path, cause: "\(error)")
            }
            throw .unusable(path: path, cause: cause)
        }
        // https://www.sqlite.org/fileformat.html, 1.3: magic, and the application's id at byte 68.
        guard start.count == 100, start.starts(with: "SQLite format 3\0".utf8),
            start[68..<72].reduce(0, { $0 << 8 | Int($1) }) == IndexSchema.applicationID
        else { throw .foreign(path: path) }
    }

    private static func file(
        _ path: String,
        _ database: DatabaseQueue,
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
        guard !sample.isEmpty, sample.count % 4 == 0 else {
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
        return IndexFile(path: path, model: model, hashKey: hashKey, database)
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

    // MARK: Access

    func damaged(_ what: String) -> IndexError { .damaged(path: path, what: what) }

    func read<Value>(_ body: (Database) throws -> Value) throws(IndexError) -> Value {
        try Self.doing(path) { try database.read(body) }
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
    private static func doing<Value>(_ path: String, _ body: () throws -> Value) throws(IndexError) -> Value {
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
