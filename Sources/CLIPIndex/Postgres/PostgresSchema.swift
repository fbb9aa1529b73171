/// The tables of an index in a database.
///
/// - `facts`: what is true of the whole index, such as its model.
/// - `contents`: a row for each picture, with its vector of length one; files of equal bytes have one. `present` tells whether any of its
///   files is there, and so whether a search finds it.
/// - `files`: a row for each path; paths are bytes, since not all are text. A file that was not there when its folder was last read has
///   the time of that in `missing`. `machine` is the one that saw it last as new: only there a path that leads nowhere is one that was left.
/// - `failures`: files that are no pictures, as they were when that was found out.
/// - `claims`: what a process has in hand, by a hash of its path or content. `worker` is the number of an advisory lock that this
///   process holds: a claim whose worker has gone counts no more, however it went.
///
/// An index of a b-tree takes keys of up to 2,704 bytes, and a path may be longer: paths are found by their SHA-256, and folders by
/// the first bytes of what they begin with.
enum PostgresSchema {
    /// What the tables say of themselves.
    static let application = "swift-clip"

    /// How many bytes of a path are sorted by.
    static let start = 256

    /// The longest vector whose row fits into a page, and so is read without a detour.
    private static let widestInline = 3900

    /// Statements that make each form of the tables of the one before it; a form's number is the count of those before and its own.
    static func migrations(width: Int) -> [String] {
        [
            """
            CREATE TABLE facts (name text PRIMARY KEY, value bytea NOT NULL);
            CREATE TABLE contents (
                hash bytea PRIMARY KEY, id bigint GENERATED ALWAYS AS IDENTITY, bytes bigint NOT NULL,
                embedding halfvec(\(width)) NOT NULL, present boolean NOT NULL DEFAULT true
            );
            \(width <= widestInline ? "ALTER TABLE contents ALTER embedding SET STORAGE PLAIN;" : "")
            CREATE INDEX contents_id ON contents (id);
            CREATE INDEX contents_present ON contents (id) WHERE present;
            CREATE TABLE files (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, path bytea NOT NULL, content bigint NOT NULL,
                bytes bigint NOT NULL, modified bigint NOT NULL, missing timestamptz, machine text NOT NULL,
                written timestamptz NOT NULL DEFAULT clock_timestamp()
            );
            CREATE UNIQUE INDEX files_path ON files (sha256(path));
            CREATE INDEX files_start ON files (substring(path FROM 1 FOR \(start)));
            CREATE INDEX files_content ON files (content);
            CREATE TABLE failures (
                path bytea NOT NULL, bytes bigint NOT NULL, modified bigint NOT NULL, reason text NOT NULL
            );
            CREATE UNIQUE INDEX failures_path ON failures (sha256(path));
            """,
            """
            CREATE UNLOGGED TABLE claims (key bytea PRIMARY KEY, worker bigint NOT NULL);
            CREATE SEQUENCE workers AS integer CYCLE;
            """,
        ]
    }

    /// The form of this version.
    static let newest = 2

    // MARK: Beginning with a connection

    /// Limits of time, and where names are looked for.
    static func setUp(_ connection: PostgresConnection, _ address: PostgresAddress) throws {
        // A setting of the role, the database or the address is left as it is.
        for (name, value) in [("statement_timeout", "120s"), ("client_connection_check_interval", "2s")] {
            do throws(PostgresFault) {
                try connection.query(
                    "SELECT set_config($1, $2, false) WHERE current_setting($1, true) = '0'",
                    [.text(name), .text(value)]
                )
            } catch {
                // Not every system can look after clients; then it goes without.
                if error.isLost { throw error }
            }
        }
        let limit = try connection.query(
            "SELECT (1000 * extract(epoch FROM current_setting('statement_timeout')::interval))::bigint"
        ).int(0, 0)
        // Statements that may take that long are ended by the server, if it is there.
        connection.longestAnswer = limit > 0 ? .milliseconds(limit) + .seconds(15) : nil
        let extent = try vectors(connection)
        if let extent, !isEarlier(extent.version, than: [0, 8]) {
            // What was deleted and is still in a graph then takes nobody's place among the best.
            try connection.execute("SET hnsw.iterative_scan = strict_order")
        }
        let home = extent.map { [PostgresAddress.quoted($0.schema)] } ?? []
        let path = [address.quotedSchema] + home + ["pg_temp"]
        try connection.execute("SET search_path = \(path.joined(separator: ", "))")
    }

    /// pgvector's version, and the schema that has it.
    private static func vectors(_ connection: PostgresConnection) throws -> (version: String, schema: String)?
    {
        let rows = try connection.query(
            """
            SELECT e.extversion, n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
            WHERE e.extname = 'vector'
            """
        )
        return rows.isEmpty ? nil : (try rows.text(0, 0), try rows.text(0, 1))
    }

    private static func isEarlier(_ version: String, than other: [Int]) -> Bool {
        version.split(separator: ".").map { Int($0) ?? 0 }.lexicographicallyPrecedes(other)
    }

    /// - Throws: `noVectors`.
    private static func requireVectors(_ connection: PostgresConnection, _ address: PostgresAddress) throws {
        guard let version = try vectors(connection)?.version else {
            throw IndexError.noVectors(index: address.display, version: nil)
        }
        guard !isEarlier(version, than: [0, 7]) else {
            throw IndexError.noVectors(index: address.display, version: version)
        }
    }

    /// The first of the two numbers of all advisory locks of an index; the second is a worker's, or zero for who changes tables.
    static func lockClass(_ connection: PostgresConnection, _ address: PostgresAddress) throws -> Int {
        try connection.query("SELECT hashtext($1)::bigint", [.text("\(application) \(address.schema)")]).int(
            0,
            0
        )
    }

    // MARK: Facts

    /// What the tables say of the whole index; nil where there are none.
    ///
    /// - Throws: `foreign` where the schema has tables of something else, `newer`, `damaged`.
    static func facts(_ connection: PostgresConnection, _ address: PostgresAddress) throws -> PostgresFacts? {
        // Of relations only, since extensions may have functions and types there.
        let names = try connection.query(
            """
            SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """,
            [.text(address.schema)]
        )
        guard !names.isEmpty else { return nil }
        var isOurs = false
        for row in 0..<names.count where try names.text(row, 0) == "facts" { isOurs = true }
        guard isOurs else { throw IndexError.foreign(path: address.display) }
        var values: [String: [UInt8]] = [:]
        do throws(PostgresFault) {
            let rows = try connection.query(
                "SELECT name::text, value::bytea FROM \(address.quotedSchema).facts"
            )
            for row in 0..<rows.count { values[try rows.text(row, 0)] = try rows.bytes(row, 1) }
        } catch {
            // Columns that are others.
            guard error.code.hasPrefix("42"), error.code != "42501" else { throw error }
            throw IndexError.foreign(path: address.display)
        }
        guard values["application"] == Array(application.utf8) else {
            throw IndexError.foreign(path: address.display)
        }
        return try PostgresFacts(values, address)
    }

    // MARK: Opening

    /// The facts of an index that is to be searched.
    static func open(_ connection: PostgresConnection, _ address: PostgresAddress) throws -> PostgresFacts {
        try requireVectors(connection, address)
        guard let facts = try facts(connection, address) else {
            throw IndexError.notFound(path: address.display)
        }
        return facts
    }

    /// The facts of an index that is to be brought up to date.
    ///
    /// Its tables are made where there are none, and changed where they are of an earlier version, by one process at a time.
    static func open(
        _ connection: PostgresConnection,
        _ address: PostgresAddress,
        for model: IndexedModel
    ) throws -> PostgresFacts {
        try connection.transaction {
            let lock = try lockClass(connection, address)
            try connection.query("SELECT pg_advisory_xact_lock(\(lock), 0)")
            if try vectors(connection) == nil {
                // Who owns a database may do so, if the extension is installed.
                do throws(PostgresFault) {
                    try connection.execute("CREATE EXTENSION vector SCHEMA public")
                } catch {
                    if error.isLost { throw error }
                    throw IndexError.noVectors(index: address.display, version: nil)
                }
                try setUp(connection, address)
            }
            try requireVectors(connection, address)
            let known = try facts(connection, address)
            try known?.model.require(model)
            let form = known?.form ?? 0
            if form == 0 {
                let isThere = try connection.query(
                    "SELECT 1::bigint FROM pg_namespace WHERE nspname = $1",
                    [.text(address.schema)]
                )
                if isThere.isEmpty { try connection.execute("CREATE SCHEMA \(address.quotedSchema)") }
            }
            guard form < newest else {
                if let known { return known }
                throw PostgresFault.unexpected("there are no facts")
            }
            let width = model.width
            for migration in migrations(width: width)[form...] { try connection.execute(migration) }
            if form == 0 {
                for (name, value) in PostgresFacts.values(of: model, hashKey: IndexHashKey.random()) {
                    try set(name, value, connection)
                }
            }
            try set("format", Array("\(newest)".utf8), connection)
            guard let made = try facts(connection, address) else {
                throw PostgresFault.unexpected("there are no facts")
            }
            return made
        }
    }

    static func set(_ name: String, _ value: [UInt8], _ connection: PostgresConnection) throws {
        try connection.query(
            "INSERT INTO facts VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [.text(name), .bytes(value)]
        )
    }
}
