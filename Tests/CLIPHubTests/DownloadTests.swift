import CLIPHub
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Fetching from the hub", .timeLimit(.minutes(2)))
struct DownloadTests {
    private static let whole = [
        "config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json",
    ]

    /// The snapshot has every file as the hub has it, and nothing is left over.
    private func expectWhole(_ trial: HubTrial, _ snapshot: HubSnapshot) {
        for name in Self.whole {
            #expect(trial.contents(snapshot, name) == SmallHub.plainFiles[name], "\(name)")
        }
        #expect(trial.files("blobs").count == 4)
    }

    @Test("What is needed is fetched, in the hub's own layout")
    func layout() async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            #expect(snapshot.commit == SmallHub.commit)
            #expect(trial.files("snapshots/\(SmallHub.commit)") == Self.whole)
            let tag = SmallHub.sha256(SmallHub.weights)
            let link = try FileManager.default.destinationOfSymbolicLink(
                atPath: snapshot.directory + "/model.safetensors"
            )
            #expect(link == "../../blobs/\(tag)")
            expectWhole(trial, snapshot)
            let folder = trial.cache.appendingPathComponent("models--acme--plain")
            #expect(
                try String(contentsOf: folder.appendingPathComponent("refs/main"), encoding: .utf8)
                    == SmallHub.commit
            )
            #expect(trial.files(".no_exist/\(SmallHub.commit)").contains("vocab.json"))
            #expect(FileManager.default.fileExists(atPath: trial.cache.path + "/CACHEDIR.TAG"))
            #expect(
                FileManager.default.fileExists(
                    atPath: trial.cache.path + "/.locks/models--acme--plain/\(tag).lock"
                )
            )
            #expect(snapshot.fetchedBytes == snapshot.byteCount)
        }
    }

    @Test("What is whole is given without a connection, by branch and by commit")
    func whole() async throws {
        try await withHub { trial in
            let first = try await trial.snapshot()
            let count = trial.hub.server.connectionCount
            let again = try await trial.snapshot()
            let pinned = try await trial.snapshot(of: HubRequest("acme/plain@\(SmallHub.commit)"))
            #expect(again.directory == first.directory && pinned.directory == first.directory)
            #expect(again.fetchedBytes == 0)
            #expect(trial.hub.server.connectionCount == count)
        }
    }

    @Test(
        "A branch that moved is fetched when it is asked for anew, and what did not change is not fetched again"
    )
    func renewal() async throws {
        try await withHub { trial in
            _ = try await trial.snapshot()
            var files = SmallHub.plainFiles
            files["config.json"] = Array(#"{"model_type":"clip","new":1}"#.utf8)
            let commit = String(repeating: "b2", count: 20)
            trial.hub.change(files, commit: commit)
            #expect(try await trial.snapshot().commit == SmallHub.commit)
            trial.hub.forget()
            let renewed = try await trial.snapshot(renewing: true)
            #expect(renewed.commit == commit)
            #expect(trial.contents(renewed, "config.json") == files["config.json"])
            #expect(!trial.hub.requests.contains { $0.fetches("model.safetensors") })
            #expect(try await trial.snapshot().commit == commit)
        }
    }

    @Test("The token goes to the hub and to nobody else, and no packing is asked for")
    func token() async throws {
        try await withHub {
            $0.token = "secret"
        } test: { trial in
            _ = try await trial.snapshot()
            let requests = trial.hub.requests
            #expect(requests.contains { $0.path.hasPrefix("/signed/") })
            for request in requests {
                #expect(
                    request.fields["authorization"]
                        == (request.path.hasPrefix("/signed/") ? nil : "Bearer secret"),
                    "\(request.path)"
                )
                #expect(request.fields["accept-encoding"] == "identity")
            }
        }
    }

    /// Sends the beginning of an answer, and breaks off.
    private static func cut(at count: Int) -> SmallHub.Fault {
        { request, hub in
            guard request.fetches("model.safetensors") else { return nil }
            var reply = hub.plainReply(to: request)
            let head = reply.bytes.count - (request.fields["range"] == nil ? SmallHub.weights.count : 0)
            reply.bytes = Array(reply.bytes.prefix(max(0, head) + count))
            reply.closes = true
            return reply
        }
    }

    @Test("A connection that breaks is taken up where it was")
    func cut() async throws {
        try await withHub { trial in
            trial.hub.fault(Self.cut(at: 100_000))
            let snapshot = try await trial.snapshot()
            expectWhole(trial, snapshot)
            let ranges = trial.hub.requests.filter { $0.fetches("model.safetensors") }.map {
                $0.fields["range"]
            }
            #expect(ranges == [nil, "bytes=100000-"])
        }
    }

    @Test("What an earlier process left is gone on with")
    func resumption() async throws {
        try await withHub { trial in
            let blobs = trial.cache.appendingPathComponent("models--acme--plain/blobs")
            try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
            let tag = SmallHub.sha256(SmallHub.weights)
            let partial = blobs.appendingPathComponent("\(tag).clip.incomplete")
            try Data(SmallHub.weights.prefix(123_456)).write(to: partial)
            // Another client's, which is none of ours.
            let foreign = blobs.appendingPathComponent("\(tag).0a1b2c3d.incomplete")
            try Data([1, 2, 3]).write(to: foreign)
            let snapshot = try await trial.snapshot()
            let ranges = trial.hub.requests.filter { $0.fetches("model.safetensors") }.map {
                $0.fields["range"]
            }
            #expect(ranges == ["bytes=123456-"])
            #expect(try Data(contentsOf: foreign) == Data([1, 2, 3]))
            try FileManager.default.removeItem(at: foreign)
            expectWhole(trial, snapshot)
        }
    }

    @Test(
        "What an earlier process left damaged, or longer than the file, is fetched from the start",
        arguments: [5, 400_000]
    )
    func damage(count: Int) async throws {
        try await withHub { trial in
            let blobs = trial.cache.appendingPathComponent("models--acme--plain/blobs")
            try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
            let tag = SmallHub.sha256(SmallHub.weights)
            try Data(repeating: 7, count: count).write(
                to: blobs.appendingPathComponent("\(tag).clip.incomplete")
            )
            expectWhole(trial, try await trial.snapshot())
        }
    }

    @Test("Answers that do not fit what is here are not added to it", arguments: [200, 206, 416])
    func otherRange(status: Int) async throws {
        try await withHub { trial in
            trial.hub.fault(Self.cut(at: 100_000))
            trial.hub.fault { request, hub in
                guard request.fetches("model.safetensors"), request.fields["range"] != nil else { return nil }
                return switch status {
                case 200: SmallHub.answer(200, body: SmallHub.weights)
                case 206:
                    SmallHub.answer(
                        206,
                        ["Content-Range": "bytes 5-299999/300000"],
                        body: Array(SmallHub.weights[5...])
                    )
                default: SmallHub.answer(416, ["Content-Range": "bytes */300000"])
                }
            }
            expectWhole(trial, try await trial.snapshot())
        }
    }

    @Test(
        "Other bytes than the hub promised are refused and not kept",
        arguments: ["model.safetensors", "config.json"]
    )
    func corruption(file: String) async throws {
        try await withHub { trial in
            trial.hub.fault(times: 100) { request, hub in
                guard request.fetches(file) else { return nil }
                var reply = hub.plainReply(to: request)
                reply.bytes[reply.bytes.count - 3] ^= 1
                return reply
            }
            #expect(await trial.failure() == .corrupt("acme/plain", file: file))
            #expect(!trial.files("snapshots/\(SmallHub.commit)").contains(file))
            let sizes = trial.files("blobs").filter { $0.hasSuffix(".incomplete") }.map { name in
                (try? FileManager.default.attributesOfItem(
                    atPath: trial.cache.path + "/models--acme--plain/blobs/\(name)"
                ))?[.size] as? Int
            }
            #expect(sizes.allSatisfy { $0 == 0 })
        }
    }

    @Test("More bytes than the hub promised are refused")
    func tooLong() async throws {
        try await withHub { trial in
            trial.hub.fault(times: 100) { request, _ in
                request.fetches("model.safetensors")
                    ? SmallHub.answer(200, body: SmallHub.weights + [1]) : nil
            }
            let failure = await trial.failure()
            #expect(isWrongSize(failure), "\(String(describing: failure))")
        }
    }

    private func isWrongSize(_ error: HubError?) -> Bool {
        if case .wrongSize(file: "model.safetensors", expected: 300_000, received: _) = error {
            true
        } else {
            false
        }
    }

    @Test("Fewer bytes than the hub promised are asked for anew")
    func tooShort() async throws {
        try await withHub { trial in
            trial.hub.fault { request, _ in
                request.fetches("model.safetensors")
                    ? SmallHub.answer(200, body: Array(SmallHub.weights.prefix(1000))) : nil
            }
            expectWhole(trial, try await trial.snapshot())
        }
    }

    @Test("A signed address that has expired is asked for anew", arguments: [400, 401, 403, 404])
    func expiry(status: Int) async throws {
        try await withHub { trial in
            trial.hub.fault(Self.cut(at: 50_000))
            trial.hub.fault { request, _ in
                request.fetches("model.safetensors") && request.fields["range"] != nil
                    ? SmallHub.answer(status) : nil
            }
            expectWhole(trial, try await trial.snapshot())
            let heads = trial.hub.requests.filter {
                $0.method == "HEAD" && $0.path.hasSuffix("model.safetensors")
            }
            #expect(heads.count == 2)
        }
    }

    @Test("Failures that pass are waited for", arguments: [408, 429, 500, 502, 503, 504])
    func passing(status: Int) async throws {
        try await withHub { trial in
            for method in ["HEAD", "GET"] {
                trial.hub.fault(times: 2) { request, _ in
                    request.method == method && request.path.contains("model.safetensors")
                        ? SmallHub.answer(status) : nil
                }
            }
            expectWhole(trial, try await trial.snapshot())
        }
    }

    @Test("A hub that wants to be left alone for an hour is told of at once")
    func rateLimit() async throws {
        try await withHub { trial in
            trial.hub.fault(times: 100) { request, _ in
                SmallHub.answer(429, ["RateLimit": "\"api\";r=0;t=3599"])
            }
            #expect(await trial.failure() == .tooManyRequests(host: "127.0.0.1", seconds: 3600))
        }
    }

    @Test("A body that is packed all the same is unpacked")
    func packed() async throws {
        // printf '{"model_type":"clip"}' | gzip -n
        let packed: [UInt8] = [
            31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 171, 86, 202, 205, 79, 73, 205, 137, 47, 169, 44, 72, 85, 178,
            82, 74,
            206, 201, 44, 80, 170, 5, 0, 14, 70, 180, 60, 21, 0, 0, 0,
        ]
        try await withHub { trial in
            trial.hub.fault { request, _ in
                request.fetches("config.json") && !request.path.contains("preprocessor")
                    ? SmallHub.answer(200, ["Content-Encoding": "gzip"], body: packed) : nil
            }
            expectWhole(trial, try await trial.snapshot())
        }
    }

    @Test("A mirror without the interface, and one that gives no lengths, will do")
    func mirror() async throws {
        try await withHub { trial in
            trial.hub.fault(times: 1000) { request, _ in
                request.path.hasPrefix("/api/") ? SmallHub.answer(404) : nil
            }
            trial.hub.fault(times: 1000) { request, hub in
                guard request.path.contains("/resolve/") || request.path.hasPrefix("/signed/") else {
                    return nil
                }
                var reply = hub.plainReply(to: request)
                let text = String(decoding: reply.bytes.prefix { $0 != 0 }.prefix(600), as: UTF8.self)
                for name in ["Content-Length: ", "X-Linked-Size: "] {
                    guard text.prefix(400).contains(name) else { continue }
                    reply.bytes = SmallHub.withoutLength(reply.bytes, field: name)
                }
                reply.closes = true
                return reply
            }
            expectWhole(trial, try await trial.snapshot())
        }
    }

    @Test("Two at once fetch a file once")
    func together() async throws {
        try await withHub { trial in
            async let one = trial.snapshot()
            async let other = trial.snapshot()
            _ = try await (one, other)
            #expect(trial.hub.requests.filter { $0.fetches("model.safetensors") }.count == 1)
        }
    }

    @Test("A download that nobody wants any more ends, and what came of it stays")
    func cancellation() async throws {
        try await withHub { trial in
            trial.hub.fault { request, hub in
                guard request.fetches("model.safetensors") else { return nil }
                var reply = hub.plainReply(to: request)
                reply.bytes = Array(reply.bytes.prefix(150_000))
                reply.stall = 100_000
                return reply
            }
            let task = Task { await trial.failure() }
            try await eventually(within: .seconds(100)) {
                trial.hub.requests.contains { $0.fetches("model.safetensors") }
            }
            try await eventually(within: .seconds(100)) {
                trial.files("blobs").contains { $0.hasSuffix(".clip.incomplete") }
            }
            task.cancel()
            #expect(await task.value == .cancelled)
            expectWhole(trial, try await trial.snapshot())
        }
    }
}
