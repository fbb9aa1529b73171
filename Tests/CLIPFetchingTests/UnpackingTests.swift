import CLIPFetching
import Foundation
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
        // Brotli's form of bytes that are not packed: a block of 18 bytes, and the last, empty one.
        "br": "EAEQcGl4ZWxzcGl4ZWxzcGl4ZWxzAw==",
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
            ("zstd", "zstd"), ("compress", "compress"), ("Unheard-Of", "unheard-of"),
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

    @Test("A body packed for the transfer is refused by name")
    func transferEncoding() async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n6\r\npixels\r\n0\r\n\r\n"
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.encodingNotSupported("gzip")) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("Packed bytes that are damaged are refused", arguments: ["gzip", "br"])
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

    @Test("A packed answer that there is no room for is refused at once")
    func noRoom() async throws {
        let server = try Self.serving("gzip", try #require(Self.packed["gzip"]))
        try await withFetcher(of: server, room: { _ in nil }) { fetcher in
            await #expect(throws: FetchingError.noRoom) { try await fetcher.bytes(at: server.url()) }
        }
    }
}
