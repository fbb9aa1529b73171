internal import GRDB

/// The tables of an index file.
///
/// - `facts`: what is true of the whole index, such as its model.
/// - `contents`: a row for each picture that has a vector; its id less one is the place of that vector, unless `ids` of `chunks` says otherwise. Files of equal bytes have one.
/// - `files`: a row for each path; paths are bytes, since not all are text. A file that was not there when its folder was last read
///   has the time of that in `missing`, and is not found by a search.
/// - `failures`: files that are no pictures, as they were when that was found out.
/// - `chunks`: the high bytes of 1,024 vectors, and for each its scale and error as 32-bit floats. Once vectors of forgotten contents
///   were taken out, `ids` has the contents of those that are left, as 32-bit numbers.
/// - `tails`: the low bytes of one vector, which a search reads of a few.
enum IndexSchema {
    /// "CLIP", which stands in the header of the file.
    static let applicationID = 0x434C_4950

    /// Vectors of a chunk.
    static let chunk = 1024

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(
                sql: """
                    CREATE TABLE facts (name TEXT PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID;
                    CREATE TABLE contents (
                        id INTEGER PRIMARY KEY NOT NULL, hash BLOB NOT NULL UNIQUE, bytes INTEGER NOT NULL
                    );
                    CREATE TABLE files (
                        id INTEGER PRIMARY KEY NOT NULL, path BLOB NOT NULL UNIQUE,
                        content INTEGER NOT NULL REFERENCES contents (id),
                        bytes INTEGER NOT NULL, modified INTEGER NOT NULL, missing INTEGER
                    );
                    CREATE INDEX files_content ON files (content);
                    CREATE TABLE failures (
                        path BLOB PRIMARY KEY NOT NULL, bytes INTEGER NOT NULL, modified INTEGER NOT NULL, reason TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE chunks (
                        id INTEGER PRIMARY KEY NOT NULL, count INTEGER NOT NULL, high BLOB NOT NULL, terms BLOB NOT NULL
                    );
                    CREATE TABLE tails (id INTEGER PRIMARY KEY NOT NULL REFERENCES contents (id), low BLOB NOT NULL);
                    """
            )
        }
        migrator.registerMigration("2", foreignKeyChecks: .immediate) { database in
            try database.execute(sql: "ALTER TABLE chunks ADD COLUMN ids BLOB")
        }
        migrator.registerMigration("3", foreignKeyChecks: .immediate) { database in
            try database.execute(
                sql: "CREATE INDEX files_missing ON files (content) WHERE missing IS NOT NULL"
            )
        }
        return migrator
    }
}
