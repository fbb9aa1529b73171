#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A process that brings an index up to date, as the others see it: a number whose lock it holds as long as it is connected.
struct PostgresWorker: Sendable {
    /// The first of the two numbers of the index's locks.
    let lockClass: Int
    let number: Int
    /// The name of the machine that it runs on.
    let machine: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    /// Takes a number, and puts away what those have claimed that are gone.
    ///
    /// - Parameter known: the one that it had before its connection was lost, whose claims are still its own.
    init(_ connection: PostgresConnection, _ address: PostgresAddress, before known: PostgresWorker?) throws {
        lockClass = try PostgresSchema.lockClass(connection, address)
        let lockClass = lockClass
        func take(_ number: Int) throws -> Bool {
            try connection.query("SELECT pg_try_advisory_lock(\(lockClass), \(number))").bool(0, 0)
        }
        if let known, try take(known.number) {
            number = known.number
        } else {
            var next = 0
            repeat {
                next = try connection.query("SELECT nextval('workers')").int(0, 0)
            } while try !take(next)
            number = next
        }
        if let known, known.number != number {
            // The server has not noticed yet that the old connection is gone, and takes its claims for a living one's.
            try connection.query(
                "UPDATE claims SET worker = $1 WHERE worker = $2",
                [.int(number), .int(known.number)]
            )
        }
        try connection.execute("DELETE FROM claims WHERE worker NOT IN (\(living))")
    }

    /// The numbers of those who are connected.
    private var living: String {
        """
        SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
        AND classid::bigint = \(UInt32(truncatingIfNeeded: lockClass)) AND objid::bigint > 0
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    }

    /// Claims what nobody has, or who is gone.
    ///
    /// - Returns: for each key whether it is this process's now.
    func claim(_ keys: [[UInt8]], _ connection: PostgresConnection) throws -> [Bool] {
        guard !keys.isEmpty else { return [] }
        // In one order, so that of two who want the same one waits for the other, and not each for the other.
        let rows = try connection.query(
            """
            INSERT INTO claims AS c (key, worker) SELECT DISTINCT key, $2 FROM unnest($1) AS key ORDER BY key
            ON CONFLICT (key) DO UPDATE SET worker = excluded.worker
            WHERE c.worker = excluded.worker OR c.worker NOT IN (\(living))
            RETURNING key
            """,
            [.list(keys), .int(number)]
        )
        var own: Set<[UInt8]> = []
        for row in 0..<rows.count { own.insert(try rows.bytes(row, 0)) }
        return keys.map(own.contains)
    }

    /// Has nobody else decide until the end of the transaction whether any file of these contents is there.
    func hold(_ contents: [Int], _ connection: PostgresConnection) throws {
        guard !contents.isEmpty else { return }
        // Some contents share a lock, of which a server has some thousands; in one order, as above.
        let numbers = Set(contents.map { -2 - $0 % Self.holds }).sorted()
        let lock = "pg_advisory_xact_lock(\(lockClass), number::integer)"
        try connection.query(
            "SELECT count(\(lock)::text) FROM (SELECT number FROM unnest($1) AS number ORDER BY 1) AS held",
            [.ints(numbers)]
        )
    }

    private static let holds = 256

    func release(_ keys: [[UInt8]], _ connection: PostgresConnection) throws {
        guard !keys.isEmpty else { return }
        // In the order in which others look at them.
        try connection.query(
            """
            WITH own AS (SELECT key FROM claims WHERE worker = $1 AND key = ANY ($2) ORDER BY key FOR UPDATE)
            DELETE FROM claims c USING own WHERE c.key = own.key
            """,
            [.int(number), .list(keys)]
        )
    }
}

extension IndexHashKey {
    /// What a path is claimed by.
    func claim(ofPath path: [UInt8]) -> [UInt8] { [1] + hash(of: path) }
    /// What a content is claimed by.
    func claim(ofHash hash: [UInt8]) -> [UInt8] { [2] + hash }
}
