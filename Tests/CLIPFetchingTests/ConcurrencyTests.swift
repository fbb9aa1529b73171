import CLIPFetching
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Many fetches, cancellation and shutdown", .timeLimit(.minutes(5)))
struct ConcurrencyTests {
    /// A server that takes requests and leaves them without an answer.
    private static func silent() throws -> ScriptedServer {
        try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
    }

    @Test("64 fetches run as many at once as allowed, and no more")
    func bounded() async throws {
        // A request is answered when four have come together, so fewer at once would never end.
        let meeting = Meeting(of: 4)
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                meeting.attend()
                connection.send(answer(body: String(request.split(separator: " ")[1])))

            }
        }
        try await withFetcher(of: server, { $0.maxConcurrentFetches = 4 }) { fetcher in
            try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                for index in 0..<64 {
                    group.addTask { (index, try await fetcher.bytes(at: server.url("/\(index)")).bytes) }
                }
                for try await (index, bytes) in group { #expect(bytes == Array("/\(index)".utf8)) }
            }
        }
        #expect(meeting.largest == 4)
    }

    @Test("Cancelling ends the transfer")
    func cancelled() async throws {
        let server = try Self.silent()
        try await withFetcher(of: server) { fetcher in
            let fetch = Task { await outcome(of: fetcher, server.url()) }
            var events = server.events.makeAsyncIterator()
            _ = await events.next()
            fetch.cancel()
            #expect(await fetch.value == .failure(.cancelled))
            #expect(await events.next() == .closedByPeer)
        }
    }

    @Test("A cancelled task fetches nothing")
    func cancelledBefore() async throws {
        let server = try Self.silent()
        try await withFetcher(of: server) { fetcher in
            let fetch = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await outcome(of: fetcher, server.url())
            }
            #expect(await fetch.value == .failure(.cancelled))
            #expect(server.connectionCount == 0)
        }
    }

    @Test("A fetch that waits for its turn can be cancelled, and the next takes its place")
    func cancelledWaiting() async throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                _ = gate.wait(timeout: .now() + 30)
                connection.send(answer(body: String(request.split(separator: " ")[1])))
            }
        }
        try await withFetcher(of: server, { $0.maxConcurrentFetches = 1 }) { fetcher in
            let first = Task { await outcome(of: fetcher, server.url("/first")) }
            var events = server.events.makeAsyncIterator()
            _ = await events.next()
            let second = Task { await outcome(of: fetcher, server.url("/second")) }
            let third = Task { await outcome(of: fetcher, server.url("/third")) }
            second.cancel()
            #expect(await second.value == .failure(.cancelled))
            gate.signal()
            gate.signal()
            #expect(await first.value == .success(Array("/first".utf8)))
            #expect(await third.value == .success(Array("/third".utf8)))
        }
    }

    @Test("Waiting for a place counts towards the time limit")
    func waitingTime() async throws {
        let server = try Self.silent()
        let limits = { (configuration: inout FetchingConfiguration) in
            configuration.maxConcurrentFetches = 1
            configuration.timeLimit = .seconds(1)
        }
        try await withFetcher(of: server, limits) { fetcher in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask { #expect(await outcome(of: fetcher, server.url()) == .failure(.timedOut)) }
                }
            }
            // Those whose time ran out while they waited never reached the server.
            #expect(server.connectionCount < 64)
        }
    }

    @Test("Shutting down ends fetches under way and waiting, and refuses later ones")
    func shutdown() async throws {
        let server = try Self.silent()
        try await withFetcher(of: server, { $0.maxConcurrentFetches = 2 }) { fetcher in
            let fetches = (0..<5).map { _ in Task { await outcome(of: fetcher, server.url()) } }
            var events = server.events.makeAsyncIterator()
            for _ in 0..<2 { _ = await events.next() }
            fetcher.shutdown()
            for fetch in fetches { #expect(await fetch.value == .failure(.shutDown)) }
            for _ in 0..<2 { #expect(await events.next() == .closedByPeer) }
            await #expect(throws: FetchingError.shutDown) { try await fetcher.bytes(at: server.url()) }
            fetcher.shutdown()
        }
    }

    @Test("Fetching, cancelling and shutting down at once answers every fetch")
    func storm() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        defer { server.stop() }
        let allowed: [Result<[UInt8], FetchingError>] = [
            .success(Array("pixels".utf8)), .failure(.cancelled), .failure(.shutDown),
        ]
        for round in 0..<10 {
            let fetcher = try ImageFetcher(configuration: FetchingConfiguration(), policy: .everyAddress)
            let fetches = (0..<40).map { _ in Task { await outcome(of: fetcher, server.url()) } }
            for fetch in fetches.prefix(round * 4) { fetch.cancel() }
            if round > 4 { fetcher.shutdown() }
            for fetch in fetches {
                let outcome = await fetch.value
                #expect(allowed.contains(outcome), "\(outcome)")
            }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { fetcher.shutdown() } }
            }
        }
    }
}

/// Lets threads through in groups of a size, and remembers how many were there at most.
private final class Meeting: Sendable {
    private let size: Int
    private let condition = NSCondition()
    private let state = Mutex((present: 0, round: 0, largest: 0))

    init(of size: Int) { self.size = size }

    var largest: Int { state.withLock { $0.largest } }

    func attend() {
        condition.lock()
        defer { condition.unlock() }
        let round = state.withLock { state in
            state.present += 1
            state.largest = max(state.largest, state.present)
            defer {
                if state.present == size {
                    state.present = 0
                    state.round += 1
                }
            }
            return state.round
        }
        condition.broadcast()
        let limit = Date(timeIntervalSinceNow: 30)
        while state.withLock({ $0.round }) == round, condition.wait(until: limit) {}
    }
}
