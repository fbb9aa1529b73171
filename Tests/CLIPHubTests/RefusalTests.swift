import CLIPHub
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("What the hub refuses", .timeLimit(.minutes(2)))
struct RefusalTests {
    /// What comes of a hub that answers everything so.
    private func failure(
        _ status: Int,
        _ fields: [String: String] = [:],
        token: String? = nil
    ) async throws -> HubError? {
        var found: HubError?
        try await withHub {
            $0.token = token
        } test: { trial in
            trial.hub.fault(times: 1000) { _, _ in SmallHub.answer(status, fields) }
            found = await trial.failure()
        }
        return found
    }

    @Test("Each refusal is its own error")
    func statuses() async throws {
        let name = "acme/plain"
        func code(_ text: String) -> [String: String] { ["X-Error-Code": text] }
        #expect(try await failure(401) == .repositoryNotFound(name, hasToken: false))
        #expect(try await failure(401, token: "x") == .repositoryNotFound(name, hasToken: true))
        #expect(
            try await failure(
                401,
                ["X-Error-Message": "Invalid credentials in Authorization header"],
                token: "x"
            )
                == .invalidToken
        )
        #expect(try await failure(404, code("RepoNotFound")) == .repositoryNotFound(name, hasToken: false))
        #expect(try await failure(404, code("RevisionNotFound")) == .revisionNotFound(name, revision: "main"))
        #expect(try await failure(403, code("GatedRepo"), token: "x") == .gated(name, hasToken: true))
        #expect(try await failure(401, code("GatedRepo")) == .gated(name, hasToken: false))
        #expect(try await failure(403) == .forbidden(name))
        #expect(try await failure(500) == .badStatus(500, host: "127.0.0.1"))
        #expect(try await failure(418) == .badStatus(418, host: "127.0.0.1"))
        #expect(try await failure(404) == .fileNotFound(name, file: "modules.json"))
        #expect(try await failure(200) == .invalidAnswer(host: "127.0.0.1", .noCommit))
        #expect(
            try await failure(200, ["X-Repo-Commit": SmallHub.commit])
                == .invalidAnswer(host: "127.0.0.1", .noTag)
        )
        #expect(
            try await failure(200, ["X-Repo-Commit": SmallHub.commit, "ETag": "\"../../../x\""])
                == .invalidAnswer(host: "127.0.0.1", .noTag)
        )
        #expect(try await failure(302) == .redirectRefused(host: "127.0.0.1", .nowhere))
        #expect(
            try await failure(302, ["Location": "file:///etc/passwd"])
                == .redirectRefused(host: "127.0.0.1", .notHTTP)
        )
        #expect(
            try await failure(302, ["Location": "/again"])
                == .redirectRefused(host: "127.0.0.1", .tooMany(10))
        )
    }

    @Test("Nobody there, and a name that is none")
    func unreachable() async throws {
        for (endpoint, fault) in [
            ("http://127.0.0.1:9", ConnectionFault.refused), ("http://none.invalid", .hostNotFound),
        ] {
            try await withHub {
                $0.endpoint = endpoint
            } test: { trial in
                guard case .unreachable(_, let found) = await trial.failure() else {
                    Issue.record("it was reached")
                    return
                }
                #expect(found == fault)
            }
        }
    }

    @Test("A list of names that lead elsewhere brings nothing from there")
    func hostileList() async throws {
        let files = SmallHub.plainFiles.merging(["../../../escaped": [1], "/absolute": [1]]) { first, _ in
            first
        }
        try await withHub(files) { trial in
            let snapshot = try await trial.snapshot()
            #expect(trial.files("snapshots/\(snapshot.commit)").count == 4)
        }
    }

    @Test("Offline is refused where the model is not whole, with those commits that are")
    func offline() async throws {
        try await withHub { trial in
            _ = try await trial.snapshot()
            var configuration = trial.model.configuration
            configuration.isOffline = true
            let count = trial.hub.server.connectionCount
            let offline = HubTrial(hub: trial.hub, model: ModelHub(configuration), cache: trial.cache)
            #expect(try await offline.snapshot(renewing: true).commit == SmallHub.commit)
            #expect(
                await offline.failure(of: try HubRequest("acme/plain@v2"))
                    == .offline("acme/plain", revision: "v2", cached: [SmallHub.commit])
            )
            #expect(
                await offline.failure(of: try HubRequest("acme/other"))
                    == .offline("acme/other", revision: "main", cached: [])
            )
            // One file of what is needed is gone: it is not whole, whatever else is there.
            try FileManager.default.removeItem(
                atPath: trial.cache.path + "/models--acme--plain/snapshots/\(SmallHub.commit)/config.json"
            )
            #expect(
                await offline.failure() == .offline("acme/plain", revision: "main", cached: [])
            )
            #expect(trial.hub.server.connectionCount == count)
        }
    }

    @Test("Whatever fails, what is whole serves, and says why")
    func whateverFails() async throws {
        try await withHub { trial in
            _ = try await trial.snapshot()
            trial.hub.fault(times: 1000) { _, _ in SmallHub.answer(403) }
            let events = Mutex<[HubEvent]>([])
            let snapshot = try await trial.snapshot(renewing: true) { event in
                events.withLock { $0.append(event) }
            }
            #expect(snapshot.commit == SmallHub.commit)
            #expect(
                events.withLock { $0 }.contains(
                    .usesCache(.forbidden("acme/plain"), commit: SmallHub.commit)
                )
            )
        }
    }

    @Test("A damaged blob is found when it is asked for anew: refused offline, else fetched")
    func damagedBlob() async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            let path =
                trial.cache.path + "/models--acme--plain/blobs/" + SmallHub.sha256(SmallHub.weights)
            var bytes = SmallHub.weights
            bytes[7] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try trial.model.corruptFile(of: snapshot) == "model.safetensors")
            var configuration = trial.model.configuration
            configuration.isOffline = true
            let offline = ModelHub(configuration)
            await #expect(
                throws: HubError.damaged("acme/plain", file: "model.safetensors", obstacle: nil)
            ) {
                try await offline.snapshot(of: HubTrial.request(), renewing: true)
            }
            let mended = try await trial.snapshot(renewing: true)
            #expect(trial.contents(mended, "model.safetensors") == SmallHub.weights)
        }
    }

    @Test("A cache that cannot be written is told of")
    func cache() async throws {
        try await withHub {
            $0.cacheDirectory = "/dev/null/cache"
        } test: { trial in
            guard case .cacheUnusable = await trial.failure() else {
                Issue.record("it was written")
                return
            }
        }
    }
}
