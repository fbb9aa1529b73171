import CLIPHub
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

/// Bytes that changed in the cache, in every form that a cache has.
@Suite("Damage in the cache", .timeLimit(.minutes(2)))
struct VerificationTests {
    private let weights = "model.safetensors"

    private var damagedBytes: Data {
        var bytes = SmallHub.weights
        bytes.replaceSubrange(5000..<5100, with: Array(repeating: 0, count: 100))
        return Data(bytes)
    }

    private func blob(_ trial: HubTrial) -> URL {
        trial.cache.appendingPathComponent(
            "models--acme--plain/blobs/\(SmallHub.sha256(SmallHub.weights))"
        )
    }

    private func path(_ snapshot: HubSnapshot, _ file: String) -> URL {
        URL(fileURLWithPath: snapshot.directory + "/" + file)
    }

    /// A hub that may not be asked, with the same cache.
    private func offline(_ trial: HubTrial) -> HubTrial {
        var configuration = trial.model.configuration
        configuration.isOffline = true
        return HubTrial(hub: trial.hub, model: ModelHub(configuration), cache: trial.cache)
    }

    /// Renews and expects the right weights, with a line that tells of those that were thrown away.
    private func expectMended(_ trial: HubTrial, fetches: Int = 1) async throws {
        trial.hub.forget()
        let events = Mutex<[HubEvent]>([])
        let mended = try await trial.snapshot(renewing: true) { event in events.withLock { $0.append(event) }
        }
        #expect(trial.contents(mended, weights) == SmallHub.weights)
        #expect(mended.unverified == [])
        #expect(events.withLock { $0 }.filter { $0 == .damaged(file: weights) }.count == 1)
        #expect(trial.hub.requests.filter { $0.fetches(weights) }.count == fetches)
    }

    @Test("What was fetched or compared is right, and what nobody looked at is not called so")
    func findings() async throws {
        try await withHub { trial in
            #expect(try await trial.snapshot().unverified == [])
            let whole = try await trial.snapshot()
            #expect(whole.unverified == whole.files && whole.files.count == 4)
            #expect(try await trial.snapshot(renewing: true).unverified == [])
            #expect(try await offline(trial).snapshot(renewing: true).unverified == [])
        }
    }

    @Test("Where the hub cannot be asked, damage is found all the same")
    func unreachable() async throws {
        try await withHub { trial in
            _ = try await trial.snapshot()
            try damagedBytes.write(to: blob(trial))
            trial.hub.fault(times: 1000) { _, _ in SmallHub.answer(403) }
            let obstacle = "\(HubError.forbidden("acme/plain"))"
            await #expect(throws: HubError.damaged("acme/plain", file: weights, obstacle: obstacle)) {
                try await trial.snapshot(renewing: true)
            }
            await #expect(throws: HubError.damaged("acme/plain", file: weights, obstacle: nil)) {
                try await offline(trial).snapshot(renewing: true)
            }
        }
    }

    @Test("Files that are no links are compared with what the hub says of them")
    func withoutLinks() async throws {
        try await withHub {
            $0.usesLinks = false
        } test: { trial in
            let snapshot = try await trial.snapshot()
            #expect(try await trial.snapshot(renewing: true).unverified == [])
            try damagedBytes.write(to: path(snapshot, weights))
            #expect(try await offline(trial).snapshot(renewing: true).unverified.contains(weights))
            try await expectMended(trial)
        }
    }

    @Test(
        "A link to a file of any other name is compared, too, and that file is left alone",
        arguments: [true, false]
    )
    func otherName(isBlob: Bool) async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            let other =
                isBlob
                ? blob(trial).deletingLastPathComponent().appendingPathComponent("an-etag")
                : trial.cache.appendingPathComponent("elsewhere.safetensors")
            try damagedBytes.write(to: other)
            try FileManager.default.removeItem(at: path(snapshot, weights))
            try FileManager.default.createSymbolicLink(
                atPath: path(snapshot, weights).path,
                withDestinationPath: isBlob ? "../../blobs/an-etag" : other.path
            )
            #expect(try await offline(trial).snapshot(renewing: true).unverified == [weights])
            // The right blob is still there, and gets its name again.
            try await expectMended(trial, fetches: 0)
            #expect(try Data(contentsOf: other) == damagedBytes)
        }
    }

    @Test("A link to the blob of another file is found, whose bytes are what its name says")
    func otherBlob() async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            let other = Data(repeating: 9, count: SmallHub.weights.count)
            let tag = SmallHub.sha256(Array(other))
            try other.write(to: blob(trial).deletingLastPathComponent().appendingPathComponent(tag))
            try FileManager.default.removeItem(at: path(snapshot, weights))
            try FileManager.default.createSymbolicLink(
                atPath: path(snapshot, weights).path,
                withDestinationPath: "../../blobs/\(tag)"
            )
            try await expectMended(trial, fetches: 0)
        }
    }

    @Test("A damaged blob gets no name anew: neither for a new snapshot nor on an ordinary start")
    func relinked() async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            try damagedBytes.write(to: blob(trial))
            try FileManager.default.removeItem(atPath: snapshot.directory)
            let again = try await trial.snapshot()
            #expect(trial.contents(again, weights) == SmallHub.weights)
            // A new state of the branch has the same weights.
            try damagedBytes.write(to: blob(trial))
            let commit = String(repeating: "b2", count: 20)
            trial.hub.change(SmallHub.plainFiles, commit: commit)
            let renewed = try await trial.snapshot(renewing: true)
            #expect(renewed.commit == commit)
            #expect(trial.contents(renewed, weights) == SmallHub.weights)
        }
    }

    @Test("A damaged configuration is fetched again before it is read")
    func configuration() async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            try Data("{\"model_type\":\"bert\"}".utf8).write(
                to: path(snapshot, "config.json").resolvingSymlinksInPath()
            )
            let mended = try await trial.snapshot(renewing: true)
            #expect(trial.contents(mended, "config.json") == SmallHub.plainFiles["config.json"])
        }
    }

    @Test("Files that other programs fetched and we do not need are neither read nor taken away")
    func foreign() async throws {
        try await withHub { trial in
            let snapshot = try await trial.snapshot()
            let pickle = SmallHub.plainFiles["pytorch_model.bin"] ?? []
            let theirs = blob(trial).deletingLastPathComponent().appendingPathComponent(
                SmallHub.sha256(pickle)
            )
            try Data(pickle.dropLast(2) + [0, 0]).write(to: theirs)
            try FileManager.default.createSymbolicLink(
                atPath: path(snapshot, "pytorch_model.bin").path,
                withDestinationPath: "../../blobs/\(theirs.lastPathComponent)"
            )
            let events = Mutex<[HubEvent]>([])
            let renewed = try await trial.snapshot(renewing: true) { event in
                events.withLock { $0.append(event) }
            }
            #expect(trial.contents(renewed, "pytorch_model.bin")?.count == pickle.count)
            #expect(FileManager.default.fileExists(atPath: theirs.path))
            #expect(!events.withLock { $0 }.contains(.damaged(file: "pytorch_model.bin")))
        }
    }

    @Test("A mirror whose tags say nothing leaves files that nothing was compared with")
    func opaque() async throws {
        try await withHub { trial in
            trial.hub.fault(times: 1000) { request, hub in
                guard request.path.contains("/resolve/"), request.path.hasSuffix(weights) else { return nil }
                return hub.file(
                    SmallHub.weights,
                    ["ETag": "\"an-etag\"", "X-Repo-Commit": SmallHub.commit],
                    request
                )
            }
            #expect(try await trial.snapshot().unverified == [weights])
            let renewed = try await trial.snapshot(renewing: true)
            #expect(renewed.unverified == [weights] && renewed.fetchedBytes == 0)
        }
    }

    @Test("Who waited for another's download knows that what came is right")
    func waited() async throws {
        try await withHub { trial in
            let isWaited = Mutex(false)
            trial.hub.fault { request, hub in
                guard request.fetches("signed/model.safetensors") else { return nil }
                // The second has met the lock, or nothing waits here.
                for _ in 0..<2000 where !isWaited.withLock({ $0 }) { usleep(5000) }
                return hub.plainReply(to: request)
            }
            async let first = trial.snapshot(renewing: true)
            try await eventually { trial.hub.requests.contains { $0.fetches("signed/model.safetensors") } }
            let second = try await trial.snapshot(renewing: true) { event in
                if case .waitsForOther = event { isWaited.withLock { $0 = true } }
            }
            #expect(isWaited.withLock { $0 })
            #expect(second.unverified == [] && second.fetchedBytes == 0)
            #expect(try await first.unverified == [])
        }
    }
}
