import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Crowds, and clients that hold what they can", .timeLimit(.minutes(2)))
struct PressureTests {
    private static let json = [("Content-Type", "application/json")]

    @Test(
        "Connections that do nothing, or never finish, make room for others",
        arguments: [
            "", "GET / HTTP/1.1\r\n",
            "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
        ]
    )
    func room(start: String) async throws {
        try await LiveServer.with {
            $0.maxConnections = 8
        } _: { server in
            let port = server.port
            let count = try await Loopback.onThread {
                var connections: [HTTPConnection] = []
                for _ in 0..<40 {
                    let connection = try HTTPConnection(port: port)
                    try connection.send(start)
                    connections.append(connection)
                    Thread.sleep(forTimeInterval: 0.02)
                }
                let other = try HTTPConnection(port: port)
                try other.send("GET", "/healthz")
                #expect(try other.answer().status == 200)
                return try connections.filter { try $0.isEnded(within: 0) }.count
            }
            #expect(count >= 32)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
        }
    }

    @Test("A connection whose next request has come does not make room, even if the request was not read yet")
    func unreadRequest() async throws {
        let loops = ProcessInfo.processInfo.activeProcessorCount
        let held = 20
        // Whoever comes meanwhile is let in at the same time as what was sent meanwhile is read.
        let log = LogLines { line in
            if line.text == "no request" { Thread.sleep(forTimeInterval: 0.4) }
        }
        try await LiveServer.with(
            configure: { $0.maxConnections = held + 2 * loops + 4 },
            log: log
        ) { server in
            let port = server.port
            let statuses = try await Loopback.onThread {
                func come(_ count: Int) throws -> [HTTPConnection] {
                    try (0..<count).map { _ in try HTTPConnection(port: port) }
                }
                let clients = try come(held)
                for client in clients {
                    try client.send("GET", "/info")
                    #expect(try client.answer().status == 200)
                }
                // Until they have been idle for so long that they are first to make room.
                Thread.sleep(forTimeInterval: 0.7)
                let disturbers = try come(2 * loops)
                for disturber in disturbers { try disturber.send("?\r\n\r\n") }
                Thread.sleep(forTimeInterval: 0.1)
                let newcomers = try come(12)
                for client in clients + newcomers { try client.send("GET", "/info") }
                defer { withExtendedLifetime(disturbers) {} }
                return (clients + newcomers).map { (try? $0.answer().status) ?? 0 }
            }
            #expect(statuses == Array(repeating: 200, count: held + 12))
            #expect(log.all.count { $0.text == "no request" } >= loops)
        }
    }

    @Test("A request in hand does not make room")
    func busy() async throws {
        let upstream = try HeldUpstream()
        try await LiveServer.with {
            $0.maxConnections = 3
        } engine: {
            $0.waitsForHeldUpstreams()
        } _: { server in
            async let held = server.request(
                "POST",
                "/clip/embed_image",
                body: upstream.imageBody,
                fields: Self.json
            )
            try await upstream.accepted()
            for _ in 0..<10 { #expect(try await server.request("GET", "/healthz").status == 200) }
            upstream.release(try Fixture.bytes("imaging/jpeg-baseline-420.jpg"))
            #expect(try await held.status == 200)
        }
    }

    @Test(
        "Bodies that are announced or begun and never sent hold no more than the budget, and small ones pass"
    )
    func unfinishedBodies() async throws {
        try await LiveServer.with(engine: { $0.memoryBudget = 64_000_000 }) { server in
            let (port, engine) = (server.port, server.engine)
            try await Loopback.onThread {
                var connections: [HTTPConnection] = []
                let chunk = "100000\r\n" + String(repeating: " ", count: 1 << 20) + "\r\n"
                for index in 0..<12 {
                    let connection = try HTTPConnection(port: port)
                    let framing = index % 2 == 0 ? "Content-Length: 20000000" : "Transfer-Encoding: chunked"
                    try connection.send("POST /clip/embed_text HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
                    if index % 2 == 1 { try connection.send(chunk) }
                    connections.append(connection)
                }
                let other = try HTTPConnection(port: port)
                for _ in 0..<5 {
                    try other.send(
                        "POST",
                        "/clip/embed_text",
                        body: Array(#"{"text":"a"}"#.utf8),
                        fields: Self.json
                    )
                    #expect(try other.answer().status == 200)
                }
                #expect((20_000_000...engine.budget.limit).contains(engine.budget.highest))
                withExtendedLifetime(connections) {}
            }
            try await eventually(within: .seconds(10)) { engine.budget.used == 0 }
        }
    }

    @Test("Packed bodies that want more together than there is room for take turns", .timeLimit(.minutes(1)))
    func packedTogether() async throws {
        // 65,536 blanks, packed; 350 such, and the end of the stream, are 23 MB in 29 kB.
        let blanks: [UInt8] =
            [0xEC, 0xC1, 0x81, 0x00, 0x00, 0x00, 0x00, 0x80]
            + [0x20, 0x95, 0xFD, 0x29, 0x17, 0xA9, 0x0A]
            + [UInt8](repeating: 0, count: 63) + [0x6A, 0x00, 0x00, 0x00, 0xFF, 0xFF]
        let body: [UInt8] = Array(repeatElement(blanks, count: 350).joined()) + [0x03, 0x00]
        try await LiveServer.with(engine: { $0.memoryBudget = 64_000_000 }) { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await server.request(
                            "POST",
                            "/clip/embed_text",
                            body: body,
                            fields: Self.json + [("Content-Encoding", "deflate")]
                        ).status
                    }
                }
                for try await status in group { #expect(status == 422) }
            }
            try await eventually(within: .seconds(10)) { server.engine.budget.used == 0 }
        }
    }

    @Test("A body for which there is never room is told so, by the name of the setting")
    func neverRoom() async throws {
        try await LiveServer.with(engine: { $0.memoryBudget = 64_000_000 }) { server in
            try await server.connected { connection in
                try connection.send(
                    "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n"
                )
                let answer = try connection.answer()
                #expect(answer.status == 413 && answer.message?.contains("--memory-budget") == true)
                #expect(try connection.isEnded())
            }
        }
    }

    @Test("Who reads none of many short answers makes room for who comes")
    func shortAnswersUnread() async throws {
        try await LiveServer.with {
            $0.maxConnections = 8
            $0.sendTimeLimit = .seconds(100)
        } _: { server in
            let port = server.port
            let time = try await Loopback.onThread {
                let requests = String(repeating: "GET /info HTTP/1.1\r\nHost: a\r\n\r\n", count: 6000)
                let held = try (0..<8).map { _ in
                    let connection = try HTTPConnection(port: port, receiveBuffer: 1 << 12)
                    try connection.send(requests)
                    return connection
                }
                // Until the system takes no more of their answers.
                Thread.sleep(forTimeInterval: 2)
                let start = ContinuousClock.now
                for _ in 0..<20 {
                    let other = try HTTPConnection(port: port)
                    try other.send("GET", "/healthz")
                    #expect(try other.answer().status == 200)
                }
                withExtendedLifetime(held) {}
                return ContinuousClock.now - start
            }
            #expect(time < .seconds(50))
        }
    }

    @Test("An answer that is not read is cut, and what it held is given back")
    func unread() async throws {
        try await LiveServer.with {
            $0.sendTimeLimit = .milliseconds(300)
        } engine: {
            $0.maxTexts = 60_000
        } _: { server in
            let (port, engine) = (server.port, server.engine)
            let ended = try await Loopback.onThread {
                let connection = try HTTPConnection.reading(60_000, port: port, receiveBuffer: 1 << 14)
                for _ in 0..<1000 where engine.budget.used > 0 { Thread.sleep(forTimeInterval: 0.01) }
                #expect(engine.budget.used == 0)
                return (try? connection.answer()) == nil
            }
            #expect(ended)
        }
    }

    @Test("An answer that is read slowly, but as fast as is asked, is read to its end")
    func slowReader() async throws {
        try await LiveServer.with {
            $0.sendTimeLimit = .seconds(2)
        } engine: {
            $0.maxTexts = 60_000
        } _: { server in
            let port = server.port
            let length = try await Loopback.onThread {
                let connection = try HTTPConnection.reading(60_000, port: port, receiveBuffer: 1 << 18)
                // The system holds megabytes of it, so that nothing is written for longer than the limit.
                for _ in 0..<30 {
                    Thread.sleep(forTimeInterval: 0.1)
                    try connection.read(atLeast: 100_000)
                }
                return try connection.answer().body.count
            }
            #expect(length > 6_000_000)
        }
    }

    @Test("The answer to a comparison has its place in the budget until it is read")
    func longNames() async throws {
        try await LiveServer.with(engine: { $0.memoryBudget = 256_000_000 }) { server in
            let port = server.port
            let engine = server.engine
            let name = String(repeating: "n", count: 8_000_000)
            let used = try await Loopback.onThread {
                let connection = try HTTPConnection(port: port, receiveBuffer: 1 << 14)
                let body = #"{"subject":"a","subject_type":"text","prompt":{"\#(name)":"b"}}"#
                try connection.send("POST", "/clip/compare", body: Array(body.utf8), fields: Self.json)
                try connection.awaitFirstBytes()
                let used = engine.budget.used
                #expect(try connection.answer().body.count > 8_000_000)
                return used
            }
            #expect(used >= 8_000_000)
            try await eventually(within: .seconds(10)) { engine.budget.used == 0 }
        }
    }

    @Test("Long bodies of unknown length that want more together than there is room for take turns")
    func chunkedTogether() async throws {
        try await LiveServer.with(engine: { $0.memoryBudget = 64_000_000 }) { server in
            let port = server.port
            let piece = "80000\r\n" + String(repeating: " ", count: 1 << 19) + "\r\n"
            let statuses = try await Loopback.onThread {
                let connections = try (0..<4).map { _ in try HTTPConnection(port: port) }
                let fields = "Host: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
                for connection in connections {
                    try connection.send("POST /clip/embed_text HTTP/1.1\r\n\(fields)\r\n\r\n")
                    for _ in 0..<2 { try connection.send(piece) }
                }
                return try connections.map { connection in
                    for _ in 0..<30 { try connection.send(piece) }
                    try connection.send("0\r\n\r\n")
                    return try connection.answer().status
                }
            }
            #expect(statuses == [422, 422, 422, 422])
            try await eventually(within: .seconds(10)) { server.engine.budget.used == 0 }
        }
    }

    @Test("While it is told to stop a server first says that it is not ready, and serves on")
    func shutdownDelay() async throws {
        try await LiveServer.with {
            $0.shutdownDelay = .seconds(5)
        } _: { server in
            await server.beginShutdown()
            try await eventually(within: .seconds(10)) {
                try await server.request("GET", "/readiness").status == 503
            }
            #expect(try await server.request("GET", "/healthz").status == 200)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
        }
    }

    @Test("Health has a port of its own, which tells it to the end and is no longer held then")
    func healthPort() async throws {
        let log = LogLines()
        let held = try await LiveServer.with(
            configure: {
                $0.healthPort = 0
                $0.maxConnections = 4
            },
            log: log
        ) { server in
            try await eventually { log.all.contains { $0.text.hasPrefix("health checks are answered on ") } }
            let line = try #require(log.all.first { $0.text.hasPrefix("health checks are answered on ") })
                .text
            let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
            // However many hold it: places are made for who comes.
            let (held, statuses) = try await Loopback.onThread {
                let held = try (0..<200).map { _ in try HTTPConnection(port: port) }
                try held.last?.send("GET /healthz HT")
                let statuses = try ["/healthz", "/readiness", "/info"].map { path in
                    let connection = try HTTPConnection(port: port)
                    try connection.send("GET", path)
                    return try connection.answer().status
                }
                return (held.map(SendableBox.init), statuses)
            }
            #expect(statuses == [200, 200, 404])
            return (held, ContinuousClock.now)
        }
        // The head that was begun has 30 s otherwise.
        #expect(ContinuousClock.now - held.1 < .seconds(20))
        withExtendedLifetime(held.0) {}
    }

    @Test("A request that is not done when the time to finish is over is told so, and the server ends")
    func drainLimit() async throws {
        let upstream = try HeldUpstream()
        let (metrics, log) = (PrometheusMetrics(), LogLines())
        try await LiveServer.with(
            configure: { $0.drainTimeLimit = .milliseconds(300) },
            engine: {
                $0.waitsForHeldUpstreams()
                // It would never be done: the suite's time limit tells if nothing ends it.
                $0.fetchTimeLimit = .seconds(3600)
            },
            log: log,
            metrics: metrics
        ) { server in
            async let held = server.request(
                "POST",
                "/clip/embed_image",
                body: upstream.imageBody,
                fields: Self.json
            )
            try await upstream.accepted()
            await server.beginShutdown()
            let answer = try? await held
            #expect(answer == nil || answer?.status == 503)
        }
        // It is counted, and logged, as what it was told.
        let kind = #"{route="/clip/embed_image",method="POST",status="503"}"#
        #expect(metrics.text.contains("clip_http_requests_total\(kind) 1\n"))
        #expect(!metrics.text.contains(#"status="499""#))
        #expect(log.all.compactMap { $0.metadata["status"]?.description } == ["503"])
    }
}
