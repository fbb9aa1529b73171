import CLIPFetching
import CLIPTestSupport
import Foundation
import Testing

@Suite("Secure connections", .timeLimit(.minutes(5)))
struct SecureConnectionTests {
    @Test("A certificate that nobody vouches for is refused")
    func selfSigned() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.read(10_000)  // the client's hello
            connection.send(SelfSignedHandshake.firstFlight)
            // The client answers with an alert (21) that is fatal (2): unknown certificate authority (48) or
            // another.
            let alert = connection.read(7)
            if alert.count == 7, alert[0] == 21, alert[5] == 2 { connection.waitForClose() }
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.certificateNotTrusted) {
                try await fetcher.bytes(at: "https://127.0.0.1:\(server.port)/")
            }
            var events = server.events.makeAsyncIterator()
            #expect(await events.next() == .closedByPeer)
        }
    }

    @Test("A server that does not speak TLS is refused")
    func plain() async throws {
        let server = try ScriptedServer { connection in
            connection.send(answer(body: "pixels"))
            connection.waitForClose()
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.secureConnectionFailed) {
                try await fetcher.bytes(at: "https://127.0.0.1:\(server.port)/")
            }
        }
    }

    @Test("A redirect to https is held to the same trust")
    func redirect() async throws {
        let secure = try ScriptedServer { connection in
            _ = connection.read(10_000)
            connection.send(SelfSignedHandshake.firstFlight)
            connection.waitForClose()
        }
        defer { secure.stop() }
        let location = "Location: https://127.0.0.1:\(secure.port)/"
        let server = try ScriptedServer.answering { _ in answer("302 Found", location) }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.certificateNotTrusted) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "A certificate of an authority that the configuration names is trusted, for its own host",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: OpenSSLServer.program),
            "openssl makes the certificate"
        )
    )
    func ownAuthority() async throws {
        let server = try OpenSSLServer()
        defer { server.stop() }
        try await withFetcher({ $0.certificateAuthorityFile = server.certificate }) { fetcher in
            let page = try await fetcher.bytes(at: "https://127.0.0.1:\(server.port)/")
            #expect(String(decoding: page.bytes, as: UTF8.self).contains("TLSv1"))
            // The certificate is for 127.0.0.1 only.
            await #expect(throws: FetchingError.certificateNotTrusted) {
                try await fetcher.bytes(at: "https://localhost:\(server.port)/")
            }
        }
    }
}

/// What a TLS 1.2 server says first, up to where the client judges its certificate; it needs no key for that.
private enum SelfSignedHandshake {
    static let firstFlight: [UInt8] = {
        let certificate = [UInt8](
            Data(base64Encoded: certificateText, options: .ignoreUnknownCharacters) ?? Data()
        )
        let hello: [UInt8] =
            [3, 3] + [UInt8](repeating: 7, count: 32)  // version, random
            + [0]  // no session
            + [0xC0, 0x2B, 0]  // ECDHE-ECDSA with AES-128-GCM, no compression
            + [0, 5, 0xFF, 1, 0, 1, 0]  // one extension: secure renegotiation, RFC 5746
        let list = length(certificate.count, bytes: 3) + certificate
        return record(message(2, hello)) + record(message(11, length(list.count, bytes: 3) + list))
    }()

    private static func length(_ count: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(count >> (8 * $0) & 0xFF) }
    }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + length(body.count, bytes: 3) + body
    }

    private static func record(_ body: [UInt8]) -> [UInt8] {
        [22, 3, 3] + length(body.count, bytes: 2) + body
    }

    /// A self-signed P-256 certificate for 127.0.0.1, valid until 2126, whose key was thrown away.
    private static let certificateText = """
        MIIBkDCCATagAwIBAgIUF+BDUipA8IvfK0M4ME2IKijke8wwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2
        MTEyMzIyNDEwMVoYDzIxMjYxMDMwMjI0MTAxWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
        AAT+o5BkEwYGPwEqXidQhYm/I2kMQJCPG9F3csTAMK8oKoNnLEhpdl9T03IJrLHiu0ZKEIBsNrLqautf+PwLyVNzo2QwYjAdBgNV
        HQ4EFgQUIzsJljTbYPK8LEUSMbWqlQ+ku6YwHwYDVR0jBBgwFoAUIzsJljTbYPK8LEUSMbWqlQ+ku6YwDwYDVR0TAQH/BAUwAwEB
        /zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIDr+QJOf8UjoUmCb1BcuSdX7y1E2sMyjFh/5jkOe8Nx6AiEA4H5A
        ZQOtGfeiGu4Vn8iVdrCysapTFqzlZWF0g+6zkNk=
        """
}

/// `openssl s_server` on 127.0.0.1 with a certificate of its own, made for the test.
private final class OpenSSLServer {
    static let program = "/usr/bin/openssl"

    private(set) var port = 0
    let certificate: String
    private let folder: URL
    private let process = Process()

    struct Failure: Error {}

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "clip-fetching-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem").path
        let key = folder.appending(path: "key.pem").path
        let request = Process()
        request.executableURL = URL(filePath: Self.program)
        request.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-keyout", key, "-out", certificate, "-subj", "/CN=test", "-addext",
            "subjectAltName=IP:127.0.0.1",
        ]
        request.standardError = FileHandle.nullDevice
        try request.run()
        request.waitUntilExit()
        let output = Pipe()
        process.executableURL = URL(filePath: Self.program)
        process.arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // It says "ACCEPT 127.0.0.1:PORT" on a line of its own.
        var text = ""
        while !text.hasSuffix("\n") || !text.contains("ACCEPT"),
            let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty
        {
            text += String(decoding: byte, as: UTF8.self)
        }
        guard let port = text.split(separator: ":").last.flatMap({ Int($0.dropLast()) }) else {
            stop()
            throw Failure()
        }
        self.port = port
    }

    func stop() {
        // A child of a task's thread has that thread's signal mask, in which SIGTERM is blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}
