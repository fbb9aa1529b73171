import CLIPHub
import CLIPTestSupport
import Foundation
import Testing

/// Numbers of a header that no sum may be made of.
@Suite("Numbers at the edge of what fits", .timeLimit(.minutes(2)))
struct NumberTests {
    private static let edges = [
        "9223372036854775807", "9223372036854775806", "9223372036854000000", "9223372036854775808",
        "18446744073709551615", "99999999999999999999999", "1099511627777", "-1", "-9223372036854775808",
    ]

    private func fields(_ line: String) -> AnswerFields {
        var fields = AnswerFields()
        for line in ["HTTP/1.1 200 OK", line] {
            _ = Array((line + "\r\n").utf8).withUnsafeBytes { fields.read($0) }
        }
        return fields
    }

    @Test("No header field has a number that cannot be added up", arguments: edges)
    func fields(number: String) throws {
        for name in ["X-Linked-Size", "Content-Length"] {
            #expect(fields("\(name): \(number)").fileSize(isRedirect: false) == nil, "\(name)")
            #expect(fields("\(name): \(number)").hasWrongSize(isRedirect: false), "\(name)")
        }
        #expect(fields("Content-Range: bytes \(number)-5/6").range == nil)
        #expect(fields("Content-Range: bytes 5-6/\(number)").range?.total == nil)
        let longest = Duration.seconds(1_000_000_000)
        for line in [
            "RateLimit: \"api\";r=0;t=\(number)", "RateLimit: \"api\";r=\(number);t=5",
            "Retry-After: \(number)", "Retry-After: 1e\(number)", "Retry-After: inf", "Retry-After: nan",
            "Retry-After: Wed, 21 Oct \(number) 07:28:00 GMT",
        ] {
            #expect((fields(line).pause() ?? .zero) <= longest, "\(line)")
        }
    }

    @Test("Sizes that are told are those of files")
    func sizes() {
        #expect(fields("X-Linked-Size: 1099511627776").fileSize(isRedirect: true) == 1 << 40)
        #expect(!fields("X-Linked-Size: 0").hasWrongSize(isRedirect: true))
        #expect(!fields("X: y").hasWrongSize(isRedirect: false))
        #expect(!fields("Content-Length: 99999999999999999999").hasWrongSize(isRedirect: true))
    }

    @Test("A hub that gives a file such a size is refused by the file's name", arguments: edges)
    func size(number: String) async throws {
        for file in ["model.safetensors", "config.json"] {
            try await withHub { trial in
                trial.hub.fault(times: 100) { request, hub in
                    guard request.method == "HEAD", request.path.hasSuffix("/" + file) else { return nil }
                    let tag = SmallHub.sha256(SmallHub.plainFiles[file] ?? [])
                    return SmallHub.answer(
                        302,
                        [
                            "X-Repo-Commit": SmallHub.commit, "X-Linked-Etag": tag,
                            "X-Linked-Size": number,
                            "Location": "http://localhost:\(hub.server.port)/signed/\(file)",
                        ]
                    )
                }
                #expect(await trial.failure() == .invalidAnswer(host: "127.0.0.1", .noSize(file: file)))
            }
        }
    }

    @Test("A hub that wants to be left alone for ages is told of", arguments: edges)
    func pause(number: String) async throws {
        for field in ["RateLimit": "\"api\";r=0;t=\(number)", "Retry-After": number] {
            try await withHub { trial in
                trial.hub.fault(times: 100) { _, _ in SmallHub.answer(429, [field.key: field.value]) }
                guard case .tooManyRequests(host: "127.0.0.1", let seconds) = await trial.failure() else {
                    Issue.record("\(field) did not stop it")
                    return
                }
                #expect(seconds ?? 0 <= 1_000_000_000)
            }
        }
    }

    @Test("Another range than was asked for is refused, whatever its numbers", arguments: edges)
    func range(number: String) async throws {
        for range in ["bytes \(number)-5/300000", "bytes 100000-299999/\(number)"] {
            try await withHub { trial in
                trial.hub.fault { request, hub in
                    guard request.fetches("model.safetensors") else { return nil }
                    var reply = hub.plainReply(to: request)
                    reply.bytes.removeLast(200_000)
                    reply.closes = true
                    return reply
                }
                trial.hub.fault { request, _ in
                    request.fetches("model.safetensors") && request.fields["range"] != nil
                        ? SmallHub.answer(206, ["Content-Range": range], body: Array(repeating: 0, count: 9))
                        : nil
                }
                do throws(HubError) {
                    let snapshot = try await trial.snapshot()
                    #expect(trial.contents(snapshot, "model.safetensors") == SmallHub.weights)
                } catch {
                    // A total that cannot be read is none, so the zeros were taken, and the digest told.
                    #expect(error == .corrupt("acme/plain", file: "model.safetensors"))
                }
            }
        }
    }

    @Test("A small file that has no end is given up, and leaves nothing")
    func endless() async throws {
        try await withHub { trial in
            trial.hub.fault(times: 100) { request, _ in
                guard request.path.hasSuffix("/config.json") else { return nil }
                let fields = ["X-Repo-Commit": SmallHub.commit, "ETag": String(repeating: "b", count: 40)]
                var reply = SmallHub.answer(
                    200,
                    fields.merging(["Content-Length": "9"]) { $1 },
                    body: request.method == "GET" ? Array(repeating: 32, count: (64 << 20) + 1) : [],
                    isHead: request.method == "HEAD"
                )
                reply.bytes = SmallHub.withoutLength(reply.bytes)
                reply.closes = true
                return reply
            }
            #expect(
                await trial.failure()
                    == .invalidAnswer(host: "127.0.0.1", .endlessBody(file: "config.json"))
            )
            #expect(!trial.hub.requests.contains { $0.fetches("model.safetensors") })
            let blobs = trial.cache.appendingPathComponent("models--acme--plain/blobs")
            for name in trial.files("blobs") {
                let size = try blobs.appendingPathComponent(name).resourceValues(forKeys: [.fileSizeKey])
                #expect(size.fileSize == 0, "\(name)")
            }
        }
    }

    @Test("Bytes whose number nobody told leave room for others")
    func room() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-room-\(UUID().uuidString)"
        )
        .path
        defer { unlink(path) }
        var free = 20 << 20
        let blob = try PartialBlob(path: path, tag: "opaque", size: nil, limit: 1 << 40) { free }
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        for count in 1...5 {
            let isTaken = piece.withUnsafeBytes { blob.append($0) }
            #expect(isTaken, "\(count)")
            free -= piece.count
        }
        #expect(blob.count == 5 << 20)
        let isTaken = piece.withUnsafeBytes { blob.append($0) }
        #expect(!isTaken)
        guard case .noSpace(needed: _, available: 15_728_640, path: _) = blob.failure else {
            Issue.record("\(String(describing: blob.failure))")
            return
        }
    }
}
