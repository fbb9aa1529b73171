import CLIPFetching
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Packed answers", .timeLimit(.minutes(5)))
struct UnpackingTests {
    private static let pixels = Array("pixelspixelspixels".utf8)

    /// The pixels, packed.
    private static let packed: [String: String] = [
        "gzip": "H4sIAAAAAAACAyvIrEjNKS5AIgFCm1QZEgAAAA==",
        "x-gzip": "H4sIAAAAAAACAyvIrEjNKS5AIgFCm1QZEgAAAA==",
        "GZIP": "H4sIAAAAAAACAyvIrEjNKS5AIgFCm1QZEgAAAA==", "deflate": "eJwryKxIzSkuQCIBSaEHwA==",
        // Deflate without its wrapping, which some hosts send under the same name.
        "Deflate": "K8isSM0pLkAiAQ==",
        "identity": "cGl4ZWxzcGl4ZWxzcGl4ZWxz",
    ]

    private static func head(_ encoding: String, _ length: Int? = nil) -> String {
        "HTTP/1.1 200 OK\r\nContent-Encoding: \(encoding)\r\n"
            + (length.map { "Content-Length: \($0)\r\n\r\n" } ?? "\r\n")
    }

    private static func serving(_ encoding: String, _ base64: String) throws -> ScriptedServer {
        let bytes = Array(try #require(Data(base64Encoded: base64)))
        return try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send(Array(head(encoding, bytes.count).utf8) + bytes)
        }
    }

    @Test("A body that was packed once is unpacked", arguments: packed.keys.sorted())
    func unpacked(encoding: String) async throws {
        let server = try Self.serving(encoding, try #require(Self.packed[encoding]))
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Self.pixels))
        }
    }

    @Test(
        "Another packing, or several within each other, is refused by name",
        arguments: [
            ("br", "br"), ("zstd", "zstd"), ("compress", "compress"), ("X-Compress", "x-compress"),
            ("dcb", "dcb"), ("xz", "xz"), ("lz4;q=1", "lz4"),
            ("gzip, gzip", "gzip, gzip"),
            ("gzip\r\nContent-Encoding: br", "gzip, br"), ("br,identity,gzip", "br, gzip"),
            ("gzip,br,gzip,br,gzip", "gzip, br, gzip, br"),
            // libcurl itself takes no more than five.
            ("gzip,gzip,gzip,gzip,gzip,gzip", "more than five packings"),
        ]
    )
    func refused(encoding: String, name: String) async throws {
        let server = try Self.serving(encoding, "cGl4ZWxz")
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.encodingNotSupported(name)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "Words that name no packing are passed over, alone and beside one that does",
        arguments: [
            "none", "", "UTF-8", "binary", "aws-chunked", "image/png", "identity, utf-8", "unheard-of",
        ]
    )
    func noPacking(word: String) async throws {
        let packed = try #require(Self.packed["gzip"])
        for (encoding, bytes) in [(word, "cGl4ZWxzcGl4ZWxzcGl4ZWxz"), ("\(word), gzip", packed)] {
            let server = try Self.serving(encoding, bytes)
            try await withFetcher(of: server) { fetcher in
                #expect(await outcome(of: fetcher, server.url()) == .success(Self.pixels), "\(encoding)")
            }
        }
    }

    @Test(
        "A body packed for the transfer is refused by name",
        arguments: [
            "gzip, chunked", "chunked, gzip", "gzip\r\nTransfer-Encoding: chunked",
            "gzip\r\nHTTP/1.1: 200 OK",
        ]
    )
    func transferEncoding(fields: String) async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: \(fields)\r\n\r\n6\r\npixels\r\n0\r\n\r\n"
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.encodingNotSupported("gzip")) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "Nothing that stands before or behind the packings has them forgotten",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nHTTP/x: y\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nHTTP/1.1: 200 OK\r\nContent-Encoding: gzip\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nHTTP/:\r\nContent-Encoding: gzip\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nHTTP/2 200: x\r\n",
            "HTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
        ]
    )
    func forgotten(head: String) async throws {
        let server = try ScriptedServer.answering { _ in head + "Content-Length: 6\r\n\r\npixels" }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.encodingNotSupported("gzip, gzip")) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("Packed bytes that are damaged are refused", arguments: ["gzip", "deflate"])
    func damaged(encoding: String) async throws {
        let server = try Self.serving(encoding, "/////////////w==")
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.badEncoding) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("The limit holds for the unpacked bytes")
    func bomb() async throws {
        // 100,000 zeros.
        let bomb =
            "H4sIAAAAAAACA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AIBXA32VEdSghgEA"
        for limit in [99_999, 100_000] {
            let server = try Self.serving("gzip", bomb)
            try await withFetcher(of: server, { $0.maxBytes = limit }) { fetcher in
                let expected: Result<[UInt8], FetchingError> =
                    limit == 100_000
                    ? .success([UInt8](repeating: 0, count: 100_000)) : .failure(.tooManyBytes(limit: limit))
                let result = await outcome(of: fetcher, server.url())
                #expect(result == expected, "\(limit)")
            }
        }
    }

    @Test("Packed bytes that come to nothing are stopped at the limit too")
    func endlessNothing() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send(Self.head("gzip"))
            connection.send([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
            // Blocks of no bytes.
            let blocks = [[UInt8]](repeating: [0, 0, 0, 0xFF, 0xFF], count: 1000).flatMap { $0 }
            while connection.send(blocks) {}
        }
        try await withFetcher(of: server, { $0.maxBytes = 1_000_000 }) { fetcher in
            await #expect(throws: FetchingError.tooManyBytes(limit: 1_000_000)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "Packed bytes that come to nothing end with their time, and with whoever asked",
        arguments: [false, true]
    )
    func endlessNothingEnds(isCancelled: Bool) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send(Self.head("gzip"))
            connection.send([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
            // As fast as speed asks for, and never over.
            let blocks = [[UInt8]](repeating: [0, 0, 0, 0xFF, 0xFF], count: 1000).flatMap { $0 }
            while connection.send(blocks) { connection.waitForNothing(milliseconds: 20) }
        }
        try await withFetcher(
            of: server,
            { $0.timeLimit = isCancelled ? .seconds(3600) : .milliseconds(300) },
            test: { fetcher in
                let url = server.url()
                let fetch = Task { await outcome(of: fetcher, url) }
                if isCancelled {
                    var events = server.events.makeAsyncIterator()
                    _ = await events.next()
                    fetch.cancel()
                }
                #expect(await fetch.value == .failure(isCancelled ? .cancelled : .timedOut))
            }
        )
    }

    @Test("A packed body waits for room twice: for what comes, and for what comes out")
    func waitsForRoom() async throws {
        let server = try Self.serving("gzip", try #require(Self.packed["gzip"]))
        let asked = Mutex([Int]())
        let held = Mutex(0)
        let room: ImageFetcher.RoomGiver = { bytes in
            let times = asked.withLock { asked in
                asked.append(bytes)
                return asked.count
            }
            guard times.isMultiple(of: 2) else { return nil }
            held.withLock { $0 += bytes }
            return FetchRoom(bytes: bytes) { given in held.withLock { $0 -= given } }
        }
        try await withFetcher(of: server, room: room) { fetcher in
            let image = try await fetcher.bytes(at: server.url())
            #expect(image.bytes == Self.pixels)
            #expect(held.withLock { $0 } == Self.pixels.count)
        }
        // What came has 28 bytes; deflate makes at most 1,032 of one.
        #expect(asked.withLock { $0 } == [28, 28, 29 * 1032, 29 * 1032])
    }

    @Test("A packed body that there is never room for says so when its time is over")
    func noRoom() async throws {
        let server = try Self.serving("gzip", try #require(Self.packed["gzip"]))
        let room: ImageFetcher.RoomGiver = { $0 < 100 ? FetchRoom(bytes: $0) : nil }
        try await withFetcher(of: server, room: room, { $0.timeLimit = .seconds(2) }) { fetcher in
            await #expect(throws: FetchingError.noRoom) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("A body of several packed parts is joined, and what stands behind the last one is passed over")
    func members() async throws {
        let member = try #require(Data(base64Encoded: Self.packed["gzip"] ?? "-"))
        let server = try Self.serving("gzip", (member + member + Data([0, 1, 2])).base64EncodedString())
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Self.pixels + Self.pixels))
        }
    }

    @Test("A packed body that ends before its time is damaged", arguments: ["gzip", "deflate", "Deflate"])
    func cut(encoding: String) async throws {
        let whole = try #require(Data(base64Encoded: Self.packed[encoding] ?? "-"))
        let server = try Self.serving(
            encoding,
            whole.dropLast(encoding == "Deflate" ? 2 : 5).base64EncodedString()
        )
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.badEncoding) { try await fetcher.bytes(at: server.url()) }
        }
    }

    /// Blocks of deflate that hold tables of codes and nothing else, the dearest bytes to unpack.
    private static let tables: [UInt8] = {
        let blocks: [UInt8] = [
            0x04, 0xC0, 0x81, 0x08, 0x00, 0x00, 0x00, 0x00, 0x20, 0x7F, 0xEB, 0x43, 0x00, 0x1C, 0x88, 0x00,
            0x00, 0x00, 0x00, 0x00, 0xF2, 0xB7, 0x3E,
        ]
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + (0..<100_000).flatMap { _ in blocks }
    }()

    @Test("While bodies are unpacked that come to nothing, another image is fetched")
    func othersGoOn() async throws {
        let server = try ScriptedServer { connection in
            guard let request = connection.readRequest() else { return }
            if request.hasPrefix("GET /plain") { return _ = connection.send(answer(body: "pixels")) }
            connection.send(Array(Self.head("gzip", Self.tables.count).utf8) + Self.tables)
        }
        let rooms = Atomic(0)
        let room: ImageFetcher.RoomGiver = { bytes in
            rooms.add(1, ordering: .relaxed)
            return FetchRoom(bytes: bytes)
        }
        try await withFetcher(of: server, room: room, { $0.maxConcurrentFetchesPerHost = 16 }) { fetcher in
            let url = server.url()
            let over = Atomic(0)
            let isEnough = Atomic(false)
            let unpacked: @Sendable () async -> Void = {
                while !isEnough.load(ordering: .relaxed) {
                    #expect(await outcome(of: fetcher, url) == .failure(.badEncoding))
                    over.add(1, ordering: .relaxed)
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { isEnough.store(true, ordering: .relaxed) }
                for _ in 0..<8 { group.addTask(operation: unpacked) }
                // All of them have come, and are being unpacked.
                try await eventually(within: .seconds(120)) { rooms.load(ordering: .relaxed) >= 16 }
                // A fetch takes a few rounds of turns, a body 72 of them. Where this thread has to wait for a processor, a
                // later fetch will do.
                var overMeanwhile = Int.max
                for _ in 0..<50 where overMeanwhile > 0 {
                    let overBefore = over.load(ordering: .relaxed)
                    #expect(
                        await outcome(of: fetcher, server.url("/plain")) == .success(Array("pixels".utf8))
                    )
                    overMeanwhile = min(overMeanwhile, over.load(ordering: .relaxed) - overBefore)
                }
                #expect(overMeanwhile == 0, "the others were waited for")
            }
        }
    }
}
