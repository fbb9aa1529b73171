internal import CPq

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A connection to a database; its calls hold their thread until the server has answered.
final class PostgresConnection {
    private let handle: OpaquePointer
    /// Asked while the server is waited for: whether nobody wants the answer any more.
    var isAbandoned: () -> Bool = { false }
    /// How long an answer may take, before the connection is taken for lost; nil for as long as it takes.
    var longestAnswer: Duration?
    private var isCancelled = false

    /// Connects, to the first of the address' hosts that answers.
    init(_ address: PostgresAddress) throws(PostgresFault) {
        let start = ContinuousClock.now
        let handle = try Self.withParameters(of: address) { PQconnectdbParams($0, $1, 1) }
        guard PQstatus(handle) == CONNECTION_OK else {
            let fault = Self.faultOfConnection(handle)
            PQfinish(handle)
            // A server that has answered says by a code what it has against us; libpq tells codes only to who asks for them before.
            guard fault.code.isEmpty, ContinuousClock.now - start < Self.soon else { throw fault }
            throw try Self.refusal(of: address) ?? fault
        }
        self.handle = handle
        cpq_ignore_notices(handle)
        PQsetnonblocking(handle, 1)
    }

    deinit { PQfinish(handle) }

    /// Seconds for a host to answer where neither the address nor a variable says.
    private static let connectSeconds = 10
    /// Within which a server that is there refuses.
    private static let soon = Duration.seconds(5)

    private static func withParameters(
        of address: PostgresAddress,
        _ connect: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) ->
            OpaquePointer?
    ) throws(PostgresFault) -> OpaquePointer {
        // What stands in the address counts, and then libpq's variables; these are for what neither says.
        var parameters: [(String, String)] = [
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"), ("fallback_application_name", "clip"),
            ("dbname", address.connection), ("client_encoding", "UTF8"),
        ]
        if getenv("PGCONNECT_TIMEOUT") == nil {
            parameters.insert(("connect_timeout", "\(connectSeconds)"), at: 0)
        }
        let (names, values) = (parameters.map { strdup($0.0) }, parameters.map { strdup($0.1) })
        defer { (names + values).forEach { free($0) } }
        let handle = connect(
            names.map { UnsafePointer($0) } + [nil],
            values.map { UnsafePointer($0) } + [nil]
        )
        guard let handle else { throw PostgresFault(code: "53200", cause: "there is no memory") }
        return handle
    }

    private static func faultOfConnection(_ handle: OpaquePointer) -> PostgresFault {
        PostgresFault(
            ofConnection: PQerrorMessage(handle).map { String(cString: $0) } ?? "",
            needsPassword: PQconnectionNeedsPassword(handle) == 1
        )
    }

    /// Why a server refuses a connection, with the code of it; nil where it does not soon.
    private static func refusal(of address: PostgresAddress) throws(PostgresFault) -> PostgresFault? {
        let handle = try withParameters(of: address) { PQconnectStartParams($0, $1, 1) }
        defer { PQfinish(handle) }
        cpq_ignore_notices(handle)
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        let end = ContinuousClock.now + soon
        var state = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            if state == PGRES_POLLING_FAILED { return faultOfConnection(handle) }
            guard ContinuousClock.now < end else { return nil }
            poll(handle, state == PGRES_POLLING_READING ? Int16(POLLIN) : Int16(POLLOUT))
            state = PQconnectPoll(handle)
        }
        return nil
    }

    private var message: String { PQerrorMessage(handle).map { String(cString: $0) } ?? "" }

    // MARK: Statements

    /// Statements without parameters, of which the last one's answer is returned.
    @discardableResult
    func execute(_ statements: String) throws(PostgresFault) -> PostgresRows {
        guard PQsendQuery(handle, statements) == 1 else { throw failure() }
        return try answer()
    }

    /// One statement; its parameters and its answer are in binary form.
    @discardableResult
    func query(
        _ statement: String,
        _ parameters: [PostgresParameter] = []
    ) throws(PostgresFault) -> PostgresRows {
        let types = parameters.map { Oid($0.type) }
        let lengths = parameters.map { CInt(clamping: $0.bytes.count) }
        let formats = parameters.map { _ in CInt(1) }
        // All values behind each other, so that there is one pointer to keep; with a byte more, since an empty one is no NULL.
        var offsets: [Int] = []
        var all: [UInt8] = []
        for parameter in parameters {
            offsets.append(all.count)
            all += parameter.bytes
            all.append(0)
        }
        let sent = all.withUnsafeBufferPointer { all in
            let values = offsets.map { offset in
                all.baseAddress.map { UnsafeRawPointer($0 + offset).assumingMemoryBound(to: CChar.self) }
            }
            return PQsendQueryParams(
                handle,
                statement,
                CInt(parameters.count),
                types,
                values,
                lengths,
                formats,
                1
            )
        }
        guard sent == 1 else { throw failure() }
        return try answer()
    }

    /// Sends rows to `COPY ... FROM STDIN`.
    func copy(_ statement: String, _ bytes: [UInt8]) throws(PostgresFault) {
        guard PQsendQuery(handle, statement) == 1 else { throw failure() }
        try flush()
        try wait()
        guard let result = PQgetResult(handle) else { throw failure() }
        let first = PostgresRows(result)
        guard PQresultStatus(result) == PGRES_COPY_IN else {
            let fault = Self.fault(of: result)
            withExtendedLifetime(first) {}
            try drain()
            throw fault
        }
        for start in stride(from: 0, to: bytes.count, by: Self.piece) {
            let part = bytes[start..<min(start + Self.piece, bytes.count)]
            try put { handle in
                part.withUnsafeBytes { bytes in
                    PQputCopyData(handle, bytes.bindMemory(to: CChar.self).baseAddress, CInt(bytes.count))
                }
            }
            try flush()
        }
        try put { PQputCopyEnd($0, nil) }
        try answer()
    }

    private static let piece = 65_536

    /// Calls what answers 1 when done, 0 when there is no room yet.
    private func put(_ call: (OpaquePointer) -> CInt) throws(PostgresFault) {
        while true {
            switch call(handle) {
            case 1: return
            case 0: try flush()
            default: throw failure()
            }
        }
    }

    /// Statements that are done as a whole or not at all; whoever calls takes care of a failure.
    ///
    /// Those that write see what others have committed when they begin, whatever the role's usual isolation is.
    func transaction<Value>(
        _ begin: String = "BEGIN ISOLATION LEVEL READ COMMITTED",
        _ body: () throws -> Value
    ) throws -> Value {
        try execute(begin)
        let value = try body()
        try execute("COMMIT")
        return value
    }

    // MARK: Waiting

    @discardableResult
    private func answer() throws(PostgresFault) -> PostgresRows {
        try flush()
        var (last, fault): (PostgresRows?, PostgresFault?) = (nil, nil)
        isCancelled = false
        while true {
            try wait()
            guard let result = PQgetResult(handle) else { break }
            let rows = PostgresRows(result)
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: last = rows
            default: fault = fault ?? Self.fault(of: result)
            }
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            throw PostgresFault(
                code: fault?.code ?? "",
                cause: fault?.cause ?? text(of: message),
                isLost: true
            )
        }
        if let fault { throw fault }
        guard let last else { throw .unexpected("there is no answer") }
        return last
    }

    /// Takes the rest of an answer, after which the next statement may be sent.
    private func drain() throws(PostgresFault) {
        repeat { try wait() } while PQgetResult(handle).map { PQclear($0) } != nil
    }

    /// Waits until the next result is here.
    private func wait() throws(PostgresFault) {
        let start = ContinuousClock.now
        while PQisBusy(handle) == 1 {
            poll(Int16(POLLIN))
            guard PQconsumeInput(handle) == 1 else { throw failure() }
            if !isCancelled, isAbandoned() { cancel() }
            if let longestAnswer, ContinuousClock.now - start > longestAnswer {
                throw PostgresFault(cause: "it has not answered for \(longestAnswer)", isLost: true)
            }
        }
    }

    private func flush() throws(PostgresFault) {
        let start = ContinuousClock.now
        while true {
            let rest = PQflush(handle)
            if rest == 0 { return }
            guard rest == 1 else { throw failure() }
            poll(Int16(POLLIN | POLLOUT))
            // A server that answers before it has read all would otherwise wait for us, and we for it.
            guard PQconsumeInput(handle) == 1 else { throw failure() }
            if let longestAnswer, ContinuousClock.now - start > longestAnswer {
                throw PostgresFault(cause: "it has not read for \(longestAnswer)", isLost: true)
            }
        }
    }

    /// Waits a while for the socket.
    private func poll(_ events: Int16) { Self.poll(handle, events) }

    private static func poll(_ handle: OpaquePointer, _ events: Int16) {
        var entry = pollfd(fd: PQsocket(handle), events: events, revents: 0)
        _ = systemPoll(&entry, 1, 100)
    }

    /// Has the server end what it is at; its answer is then an error.
    private func cancel() {
        isCancelled = true
        guard let cancel = PQgetCancel(handle) else { return }
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(cancel, &message, CInt(message.count))
        PQfreeCancel(cancel)
    }

    // MARK: Faults

    /// What libpq has to say of a call that just failed.
    private func failure() -> PostgresFault {
        PostgresFault(cause: text(of: message), isLost: PQstatus(handle) != CONNECTION_OK)
    }

    private func text(of message: String) -> String {
        let line = message.split(whereSeparator: \.isNewline).first.map(String.init)
        return line ?? "the connection is gone"
    }

    private static func fault(of result: OpaquePointer) -> PostgresFault {
        func field(_ code: CInt) -> String? { PQresultErrorField(result, code).map { String(cString: $0) } }
        // PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, which are characters.
        let message =
            field(CInt(UInt8(ascii: "M"))) ?? PQresultErrorMessage(result).map { String(cString: $0) }
        return PostgresFault(
            code: field(CInt(UInt8(ascii: "C"))) ?? "",
            cause: message?.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it gives no reason"
        )
    }
}

/// The system's `poll`, which the method of the same name hides inside ``PostgresConnection``.
private func systemPoll(
    _ entries: UnsafeMutablePointer<pollfd>,
    _ count: nfds_t,
    _ milliseconds: CInt
) -> CInt {
    poll(entries, count, milliseconds)
}
