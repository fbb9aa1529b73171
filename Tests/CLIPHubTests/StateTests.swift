import CLIPHub
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Which state of which repository is used", .timeLimit(.minutes(2)))
struct StateTests {
    private static let other = String(repeating: "c3", count: 20)

    /// The hub's answer to the same request with another text in its path.
    private static func reply(
        _ hub: SmallHub,
        _ request: SmallHub.Request,
        _ text: String,
        as new: String
    ) -> SmallHub.Reply {
        hub.plainReply(
            to: .init(
                method: request.method,
                path: request.path.replacing(text, with: new),
                fields: request.fields
            )
        )
    }

    private func offline(_ trial: HubTrial) -> HubTrial {
        var configuration = trial.model.configuration
        configuration.isOffline = true
        return HubTrial(hub: trial.hub, model: ModelHub(configuration), cache: trial.cache)
    }

    // MARK: - Commits

    @Test(
        "A mirror that has its main for every commit is refused, with its list and without",
        arguments: [true, false]
    )
    func heldCommit(hasList: Bool) async throws {
        try await withHub { trial in
            trial.hub.fault(times: 1000) { request, hub in
                if !hasList, request.path.hasPrefix("/api/") { return SmallHub.answer(404) }
                guard request.path.contains(Self.other) else { return nil }
                return Self.reply(hub, request, Self.other, as: "main")
            }
            let defect = AnswerDefect.otherCommit(asked: Self.other, given: SmallHub.commit)
            let ofFile = AnswerDefect.otherFile("config.json", asked: Self.other, given: SmallHub.commit)
            let failure = await trial.failure(of: try HubRequest("acme/plain@\(Self.other)"))
            #expect(failure == .invalidAnswer(host: "127.0.0.1", hasList ? defect : ofFile))
            #expect(!trial.hub.requests.contains { $0.method == "GET" && !$0.path.hasPrefix("/api/") })
            #expect(trial.files("snapshots") == [])
        }
    }

    @Test("Files of another commit than the list's do not get into a snapshot")
    func otherFiles() async throws {
        try await withHub { trial in
            trial.hub.fault(times: 1000) { request, hub in
                if request.path.hasPrefix("/api/") {
                    let names = SmallHub.plainFiles.keys.map { "{\"rfilename\":\"\($0)\"}" }
                    let body = "{\"sha\":\"\(Self.other)\",\"siblings\":[\(names.joined(separator: ","))]}"
                    return SmallHub.answer(200, body: Array(body.utf8))
                }
                return Self.reply(hub, request, Self.other, as: "main")
            }
            let defect = AnswerDefect.otherFile("config.json", asked: Self.other, given: SmallHub.commit)
            for text in ["acme/plain", "acme/plain@\(Self.other)"] {
                let failure = await trial.failure(of: try HubRequest(text))
                #expect(failure == .invalidAnswer(host: "127.0.0.1", defect))
            }
            #expect(trial.files("snapshots/\(Self.other)") == [])
        }
    }

    // MARK: - Without the hub

    @Test("Offline any whole state does for main, and a line says which")
    func mainOffline() async throws {
        try await withHub { trial in
            _ = try await trial.snapshot(of: HubRequest("acme/plain@\(SmallHub.commit)"))
            #expect(trial.files("refs") == [])
            let events = Mutex<[HubEvent]>([])
            let snapshot = try await offline(trial).snapshot { event in events.withLock { $0.append(event) } }
            #expect(snapshot.commit == SmallHub.commit)
            let request = try HubTrial.request()
            #expect(events.withLock { $0 } == [.usesOther(request, commit: SmallHub.commit)])
        }
    }

    @Test(
        "A known name takes a whole state where its own cannot be had, unless another's embeddings are others"
    )
    func knownOffline() async throws {
        for (name, isTaken) in [("ViT-B-32", true), ("RN50", false)] {
            let known = try #require(KnownModel.named(name))
            try await withHub { trial in
                let folder = trial.cache.appendingPathComponent(
                    "\(known.repository.folder)/snapshots/\(SmallHub.commit)"
                )
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                for file in ["open_clip_config.json", "open_clip_model.safetensors"] {
                    try Data("{}".utf8).write(to: folder.appendingPathComponent(file))
                }
                for hub in [offline(trial), trial] {
                    let failure = await hub.failure(of: try known.request)
                    #expect((failure == nil) == isTaken, "\(name): \(String(describing: failure))")
                }
                // Who writes a commit wants that one.
                let exact = try HubRequest(repository: known.repository, revision: Self.other)
                #expect(await offline(trial).failure(of: exact) != nil)
            }
        }
    }

    // MARK: - Other names

    /// Sends what asks for another name on to the repository, as the hub does for old names and other cases of letters.
    private func rename(_ name: String, _ trial: HubTrial) {
        trial.hub.fault(times: 1000) { request, _ in
            request.path.contains(name)
                ? SmallHub.answer(307, ["Location": request.path.replacing(name, with: "acme/plain")]) : nil
        }
    }

    @Test(
        "A repository under an old name, or in other letters, is one with the new name's",
        arguments: ["acme/before", "Acme/PLAIN"]
    )
    func renamed(name: String) async throws {
        try await withHub { trial in
            rename(name, trial)
            let asked = try HubRequest(name)
            let events = Mutex<[HubEvent]>([])
            let snapshot = try await trial.snapshot(of: asked) { event in events.withLock { $0.append(event) }
            }
            #expect("\(snapshot.repository)" == "acme/plain")
            #expect(snapshot.directory.contains("models--acme--plain"))
            #expect(trial.contents(snapshot, "model.safetensors") == SmallHub.weights)
            #expect(events.withLock { $0 }.contains(.renamed(asked.repository, to: snapshot.repository)))
            // Both names are whole now, without a connection.
            let count = trial.hub.server.connectionCount
            #expect(try await trial.snapshot().directory == snapshot.directory)
            #expect(try await trial.snapshot(of: asked).directory == snapshot.directory)
            #expect(try await offline(trial).snapshot(of: asked).directory == snapshot.directory)
            #expect(trial.model.cached(asked)?.directory == snapshot.directory)
            #expect(trial.hub.server.connectionCount == count)
        }
    }

    @Test("A name that may not be used brings nothing, neither from the hub nor from the cache")
    func notAllowed() async throws {
        try await withHub { trial in
            rename("other/gone", trial)
            let asked = try HubRequest("other/gone")
            for _ in 1...2 {
                await #expect(throws: HubError.renamed("other/gone", to: "acme/plain")) {
                    try await trial.model.snapshot(of: asked, isAllowed: { $0.owner == "other" })
                }
                #expect(!trial.hub.requests.contains { $0.path.contains("/resolve/") })
                // The second time it is in the cache.
                _ = try await trial.snapshot(of: asked)
                trial.hub.forget()
            }
            await #expect(throws: HubError.self) {
                try await offline(trial).model.snapshot(of: asked, isAllowed: { $0.owner == "other" })
            }
        }
    }

    // MARK: - Kinds

    @Test(
        "A model that cannot be built is refused before its weights are fetched, and out of a cache, too, when it is pulled"
    )
    func notBuilt() async throws {
        try await withHub { trial in
            let judge: ModelHub.Judge = { file, bytes in
                bytes == SmallHub.plainFiles["config.json"] ? "\(file) is another's." : nil
            }
            var configuration = trial.model.configuration
            let refused = HubError.noUsableFiles(
                "acme/plain",
                .notBuilt(file: "config.json", reason: "config.json is another's.")
            )
            for renewing in [false, true] {
                await #expect(throws: refused) {
                    try await ModelHub(configuration, judge: judge)
                        .snapshot(of: HubTrial.request(), renewing: renewing)
                }
            }
            #expect(!trial.hub.requests.contains { $0.path.contains("model.safetensors") })
            _ = try await trial.snapshot()
            configuration.isOffline = true
            await #expect(throws: refused) {
                try await ModelHub(configuration, judge: judge).snapshot(
                    of: HubTrial.request(),
                    renewing: true
                )
            }
        }
    }

    // MARK: - Caches of other programs

    /// A repository whose texts are read otherwise without its settings.
    private static let pieces = SmallHub.plainFiles.merging([
        "spiece.model": Array("pieces".utf8),
        "tokenizer_config.json": Array(#"{"added_tokens_decoder": {}}"#.utf8),
    ]) { $1 }.filter { $0.key != "tokenizer.json" }

    /// Fetches the whole, and leaves of it what another program would have.
    private func fill(_ trial: HubTrial, leaving names: Set<String>) async throws {
        let snapshot = try await trial.snapshot()
        for file in snapshot.files where !names.contains(file) {
            try FileManager.default.removeItem(atPath: "\(snapshot.directory)/\(file)")
        }
        try FileManager.default.removeItem(
            at: trial.cache.appendingPathComponent("models--acme--plain/.no_exist")
        )
        trial.hub.forget()
    }

    @Test(
        "A cache that another program filled in part is not whole: the hub has the rest, and offline the file is named",
        arguments: ["tokenizer_config.json", "spiece.model", "preprocessor_config.json"]
    )
    func inPart(missing: String) async throws {
        try await withHub(Self.pieces) { trial in
            try await fill(trial, leaving: Set(Self.pieces.keys).subtracting([missing]))
            #expect(trial.model.cached(try HubTrial.request()) == nil)
            let refused = HubError.unsettled("acme/plain", file: missing)
            // Without any vocabulary a model is refused when it is loaded.
            let isNamed = missing != "spiece.model"
            #expect(await offline(trial).failure() == (isNamed ? refused : nil))
            let snapshot = try await trial.snapshot()
            #expect(snapshot.files.contains(missing))
            #expect(trial.contents(snapshot, missing) == Self.pieces[missing])
            #expect(!trial.hub.requests.contains { $0.path.contains("/signed/") }, "weights came again")
            #expect(trial.model.cached(try HubTrial.request()) != nil)
        }
    }

    @Test("What a client fetched whole is whole, by the list that it keeps, or by what only such have")
    func fetchedWhole() async throws {
        let repository = "models--acme--plain"
        for isListed in [true, false] {
            try await withHub(Self.pieces) { trial in
                try await fill(trial, leaving: Set(Self.pieces.keys))
                #expect(trial.model.cached(try HubTrial.request()) == nil)
                let folder = trial.cache.appendingPathComponent(repository)
                if isListed {
                    let list = folder.appendingPathComponent("trees/\(SmallHub.commit).json")
                    try FileManager.default.createDirectory(
                        at: list.deletingLastPathComponent(),
                        withIntermediateDirectories: true
                    )
                    // A list that has more is one of a snapshot in part.
                    for (more, isWhole) in [(["added_tokens.json"], false), ([], true)] {
                        let names = (Self.pieces.keys + more).map { "\"\($0)\": {\"size\": 1}" }
                        let text = "{\"format_version\": 1, \"files\": {\(names.joined(separator: ","))}}"
                        try Data(text.utf8).write(to: list)
                        #expect((trial.model.cached(try HubTrial.request()) != nil) == isWhole)
                    }
                } else {
                    let snapshot = folder.appendingPathComponent(
                        "snapshots/\(SmallHub.commit)/.gitattributes"
                    )
                    try Data().write(to: snapshot)
                    #expect(trial.model.cached(try HubTrial.request()) != nil)
                    // What broke off left this.
                    try Data().write(to: folder.appendingPathComponent("blobs/ab.incomplete"))
                    #expect(trial.model.cached(try HubTrial.request()) == nil)
                }
                #expect(trial.hub.requests.isEmpty)
            }
        }
    }
}
