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

/// What takes forgotten vectors out of an index.
extension IndexFile {
    /// Puts the vectors together anew without those of forgotten contents, if that is worth it: all in one transaction.
    ///
    /// Contents keep their numbers, so whoever is searching goes on with what was read before, and reads all of it anew for the next
    /// search.
    ///
    /// - Parameters:
    ///   - least: the fewest forgotten vectors that are worth it; a chunk by default.
    ///   - part: the least part of all vectors that they are.
    /// - Returns: how many vectors were taken out.
    package func compact(
        least: Int = IndexSchema.chunk,
        part: Double = IndexFile.worthwhile
    ) throws(IndexError) -> Int {
        try write { access in
            let count = try Int.fetchOne(access, sql: "SELECT coalesce(sum(count), 0) FROM chunks") ?? 0
            let live = try Int.fetchOne(access, sql: "SELECT count(*) FROM contents") ?? 0
            let dead = count - live
            guard dead >= max(1, least), Double(dead) >= part * Double(count) else { return 0 }
            let chunks = try Int.fetchOne(access, sql: "SELECT count(*) FROM chunks") ?? 0
            var packed = StoredChunk(id: 0)
            var last = 0
            for id in 0..<chunks {
                guard let chunk = try StoredChunk(id: id, of: self, access) else {
                    throw damaged("chunk \(id) of its vectors is not there")
                }
                guard let first = chunk.ids.first, let end = chunk.ids.last, first > last else {
                    throw damaged("chunk \(id) of its vectors is out of order")
                }
                last = end
                let kept = Set(
                    try Int.fetchAll(
                        access.cachedStatement(sql: "SELECT id FROM contents WHERE id BETWEEN ? AND ?"),
                        arguments: [first, end]
                    )
                )
                for (place, content) in chunk.ids.enumerated() where kept.contains(content) {
                    if packed.count == IndexSchema.chunk {
                        // It was read before, since there are never more kept than read.
                        try packed.write(to: access)
                        packed = StoredChunk(id: packed.id + 1)
                    }
                    packed.append(
                        chunk.high[place * code.rowBytes..<(place + 1) * code.rowBytes],
                        chunk.terms[place],
                        id: content
                    )
                }
            }
            try packed.write(to: access)
            try access.execute(
                sql: "DELETE FROM chunks WHERE id >= ?",
                arguments: [packed.count > 0 ? packed.id + 1 : packed.id]
            )
            let before = try Int.fetchOne(
                access,
                sql: "SELECT value FROM facts WHERE name = 'last content'"
            )
            try access.execute(
                sql: """
                    INSERT OR REPLACE INTO facts VALUES ('last content', ?);
                    UPDATE facts SET value = value + 1 WHERE name = 'generation';
                    """,
                arguments: [max(last, before ?? 0)]
            )
            return dead
        }
    }

    /// The part of vectors, or of the file, that has to be free for the work to be worth it.
    package static let worthwhile = 0.25

    /// Writes the file anew without what is free in it, which SQLite does in one transaction.
    ///
    /// That needs room for twice what is in it. Where there is less, it stays as it is, and what comes takes the free places.
    ///
    /// - Returns: by how many bytes the file is smaller; 0 where there is too little room.
    package func shrink() throws(IndexError) -> Int {
        let before = try space()
        guard Self.room(beside: path) > 2 * (before.pages - before.free) * before.pageBytes else { return 0 }
        do throws(IndexError) {
            try maintain { try $0.execute(sql: "VACUUM") }
        } catch {
            // SQLite's place for temporary files may be another disk.
            guard case .diskFull = error else { throw error }
            return 0
        }
        // As far as nobody reads what was there before.
        try maintain { _ = try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        return max(0, before.pages - (try space().pages)) * before.pageBytes
    }

    /// The part of the file that is free.
    package func freePart() throws(IndexError) -> Double {
        let space = try space()
        return Double(space.free) / Double(max(1, space.pages))
    }

    private struct Space {
        let pages: Int
        let free: Int
        let pageBytes: Int
    }

    private func space() throws(IndexError) -> Space {
        try read { access in
            func value(_ name: String) throws -> Int { try Int.fetchOne(access, sql: "PRAGMA \(name)") ?? 0 }
            return Space(
                pages: try value("page_count"),
                free: try value("freelist_count"),
                pageBytes: try value("page_size")
            )
        }
    }

    /// Bytes that are left on a file's disk.
    private static func room(beside path: String) -> Int {
        var status = statvfs()
        guard FileName.withPath(path, { statvfs($0, &status) }) == 0 else { return 0 }
        let (bytes, isTooLarge) = Int(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return isTooLarge ? .max : bytes
    }
}
