internal import CLIPEngine
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A connection on a thread of its own, which is made anew when it was lost.
final class PostgresSession: Sendable {
    let address: PostgresAddress
    private let setUp: @Sendable (PostgresConnection) throws -> Void
    private let pool = WorkPool(name: "postgres", threads: 1)

    private struct State {
        var connection: PostgresConnection?
        var wasConnected = false
        /// Whether it was waited for in vain: others who wait for their turn then need not do so, too.
        var isAway = false
    }

    /// Only the thread uses it, so nobody ever waits for the lock.
    private let state = Mutex(State())

    /// - Parameter setUp: what every new connection begins with.
    init(_ address: PostgresAddress, setUp: @escaping @Sendable (PostgresConnection) throws -> Void) {
        (self.address, self.setUp) = (address, setUp)
    }

    /// The first connection is not waited for as long: it may be the address that is wrong.
    private static let firstPatience = Duration.seconds(5)
    private static let longestPause = Duration.seconds(5)

    /// Asks the database, again if the connection is lost meanwhile: what is asked has to be a transaction, or change nothing if it is
    /// done twice.
    ///
    /// - Parameter patience: for how long a database that goes away is waited for, if not for as long as the address says.
    /// - Returns: nil where the task was cancelled before its turn came.
    func run<Value: Sendable>(
        patience: Duration? = nil,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws(IndexError) -> Value? {
        let result = await pool.run { [self] cancellation in
            Result { () throws(IndexError) in
                try runNow(patience ?? address.patience, isCancelled: { cancellation.isRequested }, body)
            }
        }
        return try result?.get()
    }

    /// The same where a task that was cancelled does not matter any more.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws(IndexError) -> Value {
        guard let value = try await run(body) else { throw .busy(path: address.display) }
        return value
    }

    /// The same on the calling thread, where nobody else uses the session.
    func performNow<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) throws(IndexError) -> Value {
        try runNow(address.patience, isCancelled: { false }, body)
    }

    private func runNow<Value: Sendable>(
        _ patience: Duration,
        isCancelled: @escaping @Sendable () -> Bool,
        _ body: @Sendable (PostgresConnection) throws -> Value
    ) throws(IndexError) -> Value {
        // From when it was lost: what was asked may have been under way for long.
        var lost: ContinuousClock.Instant?
        var pause = Duration.milliseconds(100)
        while true {
            let fault: PostgresFault
            do {
                return try attempt(isCancelled, body)
            } catch let error as IndexError {
                throw error
            } catch let error as PostgresFault {
                fault = error
            } catch {
                throw .database(index: address.display, cause: "\(error)")
            }
            let longest = state.withLock { state -> Duration in
                guard !state.isAway else { return .zero }
                return state.wasConnected ? patience : min(patience, Self.firstPatience)
            }
            let start = lost ?? .now
            lost = start
            guard fault.isPassing, !isCancelled(), ContinuousClock.now + pause - start <= longest
            else {
                if fault.isLost { state.withLock { $0.isAway = true } }
                throw fault.error(of: address)
            }
            usleep(UInt32(pause / .microseconds(1)))
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func attempt<Value: Sendable>(
        _ isCancelled: @escaping @Sendable () -> Bool,
        _ body: @Sendable (PostgresConnection) throws -> Value
    ) throws -> Value {
        try state.withLock { state in
            do {
                let connection: PostgresConnection
                if let known = state.connection {
                    connection = known
                } else {
                    connection = try PostgresConnection(address)
                    try setUp(connection)
                    (state.connection, state.wasConnected, state.isAway) = (connection, true, false)
                }
                connection.isAbandoned = isCancelled
                defer { connection.isAbandoned = { false } }
                return try body(connection)
            } catch {
                // A transaction that was begun must not stay open; nor must a connection on which that cannot be said.
                let isLost = (error as? PostgresFault)?.isLost ?? false
                if isLost || (try? state.connection?.execute("ROLLBACK")) == nil { state.connection = nil }
                throw error
            }
        }
    }
}
