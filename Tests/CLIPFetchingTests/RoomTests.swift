import CLIPFetching
import CLIPTestSupport
import Synchronization
import Testing

@Suite("Room for bytes", .timeLimit(.minutes(5)))
struct RoomTests {
    /// A stock of bytes that rooms are taken from.
    private final class Stock: Sendable {
        private let state: Mutex<(free: Int, asked: [Int])>
        init(_ free: Int) { state = Mutex((free, [])) }
        var free: Int { state.withLock { $0.free } }
        var asked: [Int] { state.withLock { $0.asked } }
        func add(_ count: Int) { state.withLock { $0.free += count } }
        func take(_ count: Int) -> FetchRoom? {
            let isGranted = state.withLock { state in
                state.asked.append(count)
                guard state.free >= count else { return false }
                state.free -= count
                return true
            }
            return isGranted ? FetchRoom(bytes: count) { self.add($0) } : nil
        }
    }

    @Test("An answer takes the room of its announced length for as long as its bytes are held")
    func announced() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        let stock = Stock(100)
        try await withFetcher(of: server, room: stock.take) { fetcher in
            var image: FetchedImage? = try await fetcher.bytes(at: server.url())
            #expect(stock.free == 94)
            #expect(image?.room.bytes == 6)
            image = nil
            // The fetcher's own thread may let go of what it handed over a moment later.
            try await eventually { stock.free == 100 }
            #expect(stock.asked == [6])
        }
    }

    @Test(
        "An answer of unknown length takes the room of the limit, and gives back what it did not need",
        arguments: ["", "Transfer-Encoding: chunked\r\n"]
    )
    func unknown(field: String) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send(
                "HTTP/1.1 200 OK\r\n\(field)\r\n" + (field.isEmpty ? "pixels" : "6\r\npixels\r\n0\r\n\r\n")
            )
        }
        let stock = Stock(1000)
        try await withFetcher(of: server, room: stock.take, { $0.maxBytes = 700 }) { fetcher in
            let image = try await fetcher.bytes(at: server.url())
            #expect(stock.asked == [700])
            #expect(stock.free == 994)
            #expect(image.bytes == Array("pixels".utf8))
        }
    }

    @Test("Without room the answer stands still, and goes on when there is some")
    func waits() async throws {
        let body = String(repeating: "p", count: 1_000_000)
        let server = try ScriptedServer.answering { _ in answer(body: body) }
        let stock = Stock(0)
        try await withFetcher(of: server, room: stock.take) { fetcher in
            let fetch = Task { await outcome(of: fetcher, server.url()) }
            while stock.asked.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
            stock.add(1_000_000)
            #expect(await fetch.value == .success(Array(body.utf8)))
            #expect(Set(stock.asked) == [1_000_000])
            try await eventually { stock.free == 1_000_000 }
        }
    }

    @Test("A wait for room ends with the fetch's time")
    func ends() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        let stock = Stock(0)
        try await withFetcher(of: server, room: stock.take, { $0.timeLimit = .seconds(2) }) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .failure(.noRoom))
        }
    }

    @Test("Redirects, errors and empty answers ask for no room, and a fetch that fails gives its room back")
    func nothingHeld() async throws {
        let server = try ScriptedServer { connection in
            guard let request = connection.readRequest() else { return }
            let path = request.split(separator: " ")[1]
            switch path {
            case "/moved": connection.send(answer("302 Found", "Location: /error", body: "moved"))
            case "/error": connection.send(answer("404 Not Found", body: "none"))
            case "/empty": connection.send(answer())
            default: connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npixels")
            }
        }
        let stock = Stock(100)
        try await withFetcher(of: server, room: stock.take) { fetcher in
            #expect(await outcome(of: fetcher, server.url("/moved")) == .failure(.badStatus(404)))
            #expect(await outcome(of: fetcher, server.url("/empty")) == .failure(.emptyBody))
            #expect(stock.asked == [])
            #expect(await outcome(of: fetcher, server.url("/short")) == .failure(.incompleteBody))
            #expect(stock.asked == [100])
        }
        // The transfer's thread has ended by now, and holds nothing.
        #expect(stock.free == 100)
    }

    @Test("A room gives back each byte once")
    func shrinking() {
        let given = Mutex(0)
        var room: FetchRoom? = FetchRoom(bytes: 10) { count in given.withLock { $0 += count } }
        room?.shrink(to: 7)
        room?.shrink(to: 9)
        #expect(room?.bytes == 7)
        #expect(given.withLock { $0 } == 3)
        room = nil
        #expect(given.withLock { $0 } == 10)
    }
}
