import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing
import clip

@Suite("clip doctor", .timeLimit(.minutes(5)))
struct DoctorTests {
    private struct Told: Decodable {
        struct Finding: Decodable {
            let group: String
            let name: String
            let value: String
            let grade: String
            let remedy: String?
        }
        let canServe: Bool
        let findings: [Finding]

        func callAsFunction(_ group: String, _ name: String) -> Finding? {
            findings.first { $0.group == group && $0.name == name }
        }
        var problems: [Finding] { findings.filter { $0.grade == "problem" } }
    }

    private static func told(_ outcome: Command.Outcome) throws -> Told {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Told.self, from: Data(outcome.output.utf8))
    }

    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-doctor-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Settings with which nothing is wrong anywhere.
    private static func sound(_ folder: URL) -> [String: String] {
        ["HOME": folder.path, "CLIP_PORT": "0", "CLIP_THREADS": "1"]
    }

    @Test("Where all is well it ends with 0, and has timed an image and a caption")
    func sound() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let outcome = try await Command.run("doctor", "--json", environment: Self.sound(folder))
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        let told = try Self.told(outcome)
        #expect(told.canServe && told.problems.isEmpty)
        for library in [
            "oneDNN", "libjpeg-turbo", "libpng", "libtiff", "libwebp", "libavif", "libheif", "zlib",
            "libcurl",
        ] {
            let version = try #require(told("libraries", library), "\(library)").value
            #expect(version.contains(/^\d+\.\d+(\.\d+)?/), "\(library): \(version)")
        }
        for pass in ["one image", "one caption of 12 tokens"] {
            let time = try #require(told("forward pass", pass)).value
            #expect(time.contains(/^\d+(\.\d)? ms$/), "\(time)")
        }
        #expect(told("processor", "precision")?.value.contains("f32") == true)
        #expect(told("models", "clip-mini (default)")?.value.contains("256 numbers") == true)
        #expect(told("limits", "OMP_WAIT_POLICY")?.value == "passive")
        #expect(told("network", "hub")?.value.contains("--online") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/.cache"), "it has made folders")

        let text = try await Command.run("doctor", environment: Self.sound(folder))
        #expect(
            text.status == 0 && text.lines.last == "A server with these settings can serve on this machine."
        )
        #expect(!text.output.contains("\u{1B}"), "colours are for terminals")
        let columns = Set(
            text.lines.filter { $0.hasPrefix("  ok") }.compactMap { line in
                line.dropFirst(6).firstMatch(of: /\S  +(?=\S)/).map {
                    line.distance(from: line.startIndex, to: $0.range.upperBound)
                }
            }
        )
        #expect(columns.count == 1, "values do not stand beneath each other: \(text.output)")
    }

    @Test("A model that is not there or not sound ends it with 1, and the line says what to do")
    func models() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let missing = try await Command.run(
            "doctor",
            "--json",
            "--model",
            "/nowhere",
            environment: Self.sound(folder)
        )
        #expect(missing.status == 1)
        let told = try Self.told(missing)
        #expect(!told.canServe && told.problems.map(\.group) == ["models"])
        #expect(told.problems.first?.remedy?.contains("--model (CLIP_MODEL)") == true)
        #expect(told.findings.allSatisfy { $0.group != "forward pass" })

        let offline = try Self.told(
            await Command.run(
                "doctor",
                "--json",
                "--model",
                "ViT-B-32",
                "--offline",
                environment: Self.sound(folder)
            )
        )
        #expect(offline.problems.map(\.name) == ["ViT-B-32 (default)"])
        #expect(offline.problems.first?.remedy?.contains("clip pull ViT-B-32") == true)

        let online = try await Command.run(
            "doctor",
            "--json",
            "--model",
            "ViT-B-32",
            environment: Self.sound(folder)
        )
        #expect(online.status == 0, "it is fetched at the start")
        #expect(try Self.told(online)("models", "ViT-B-32 (default)")?.grade == "note")

        let large = try Self.told(
            await Command.run("doctor", "--json", "--model-memory", "1MB", environment: Self.sound(folder))
        )
        #expect(large.problems.first?.remedy?.contains("CLIP_MODEL_MEMORY") == true)
    }

    @Test("A cache that cannot be written is a problem where a model has to be fetched, otherwise a note")
    func folders() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        // Root may write everywhere but here.
        let arguments = ["doctor", "--json", "--cache-dir", "/proc/clip", "--packed-cache", "/proc/clip"]
        let here = try await Command.start(arguments, environment: Self.sound(folder)).outcome()
        #expect(here.status == 0)
        let told = try Self.told(here)
        #expect(told("folders", "hub's cache")?.grade == "note")
        #expect(told("folders", "hub's cache")?.remedy?.contains("HF_HUB_CACHE") == true)
        #expect(told("folders", "packed weights")?.remedy?.contains("CLIP_PACKED_CACHE") == true)
        let fetched = try await Command.start(
            arguments + ["--model", "ViT-B-32"],
            environment: Self.sound(folder)
        )
        .outcome()
        #expect(fetched.status == 1)
        #expect(try Self.told(fetched).problems.map(\.name) == ["hub's cache"])
        let check = FolderCheck(folder.path)
        #expect(check.obstacle == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        #expect(check.finding("x", needed: .max, .problem, remedy: "Other.").grade == .problem)
    }

    @Test("Too few open files, a bad setting and a port that is taken are told with what helps")
    func limits() async throws {
        let few = try await Command.shell("ulimit -n 100; exec \"$0\" doctor --json --port 0")
        #expect(few.status == 1)
        let sentence = try #require(try Self.told(few).problems.first).value
        #expect(sentence.contains("ulimit -n") && sentence.contains("CLIP_FETCH_PLACES"), "\(sentence)")
        // Enough for a server, and too few for all connections.
        let some = try await Command.shell("ulimit -n 400; exec \"$0\" doctor --json --port 0")
        #expect(some.status == 0, "\(some.output)")
        #expect(
            try Self.told(some)("limits", "connections")?.remedy?.contains("CLIP_MAX_CONNECTIONS") == true
        )

        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let bad = try await Command.run(
            "doctor",
            "--json",
            environment: Self.sound(folder).merging([
                "CLIP_MAX_BATCH": "0", "HOST": "elsewhere", "OMP_WAIT_POLICY": "active",
            ]) { $1 }
        )
        let told = try Self.told(bad)
        #expect(
            bad.status == 1
                && told.problems.map(\.value) == [
                    "--max-batch (CLIP_MAX_BATCH) must be from 1 to 1000000000, not 0."
                ]
        )
        #expect(told("settings", "warning")?.value.contains("CLIP_HOST") == true)
        #expect(told("limits", "OMP_WAIT_POLICY")?.grade == "note")

        let stranger = try ScriptedServer.answering { _ in answer("200 OK", "Server: another") }
        defer { stranger.stop() }
        let taken = try await Command.run("doctor", "--json", "--port", "\(stranger.port)")
        #expect(taken.status == 1)
        #expect(try Self.told(taken).problems.map(\.name) == ["refused"])
        #expect(try Self.told(taken).problems.first?.value.contains("CLIP_PORT") == true)
    }

    @Test("A port that a server of ours has already is a note, for it may be the very service")
    func ownPort() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (server, port) = try await Command.serving(["--metrics-port", "0"])
        defer { server.process.terminate() }
        let outcome = try await Command.run(
            "doctor",
            "--json",
            "--port",
            "\(port)",
            environment: Self.sound(folder)
        )
        #expect(outcome.status == 0, "\(outcome.output)")
        let told = try Self.told(outcome)
        #expect(told("settings", "port \(port)")?.grade == "note" && told.problems.isEmpty)
        #expect(told("settings", "port \(port)")?.remedy?.contains("another port") == true)
    }

    @Test("A model that nobody knows is one problem, for doctor and for serve")
    func unknownModel() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments = ["--model", "ViT-B-33"]
        let outcome = try await Command.start(
            ["doctor", "--json"] + arguments,
            environment: Self.sound(folder)
        ).outcome()
        #expect(outcome.status == 1)
        let problems = try Self.told(outcome).problems
        #expect(problems.count == 1 && problems[0].value.contains("ViT-B-32"), "\(problems)")
        let serve = try await Command.start(["serve"] + arguments).outcome()
        #expect(serve.errors.split(separator: "\n").count == 1, "\(serve.errors)")
    }

    @Test("Models that have no room beside each other are noted, and refused where one never has")
    func together() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var models: [String] = []
        for name in ["a", "b"] {
            let directory = folder.appendingPathComponent(name).path
            try TinyModel.quick.write(to: directory)
            models += ["--model", directory]
        }
        let sizes = try await Command.start(["models", "--json"] + models).outcome().lines.prefix(2).map {
            try #require($0.firstMatch(of: #/"bytes":(\d+)/#).flatMap { Int($0.1) })
        }
        for (memory, grade) in [
            (sizes[0] + sizes[1], "ok"), (sizes[0] + sizes[1] - 1, "problem"), (sizes[0] - 1, nil),
        ] as [(Int, String?)] {
            let outcome = try await Command.start(
                ["doctor", "--json", "--model-memory", "\(memory)"] + models,
                environment: Self.sound(folder)
            ).outcome()
            let told = try Self.told(outcome)
            #expect(told("models", "together")?.grade == grade, "\(memory): \(outcome.output)")
            // What is too large by itself is told of each, and not once more.
            #expect(told.problems.count == (grade == "ok" ? 0 : grade == nil ? 2 : 1))
            #expect(outcome.status == (grade == "ok" ? 0 : 1))
        }
        let third = folder.appendingPathComponent("c").path
        try TinyModel.quick.write(to: third)
        let outcome = try await Command.start(
            [
                "doctor", "--json", "--model-memory", "\(sizes[0] + sizes[1])",
                "--model", third,
            ] + models,
            environment: Self.sound(folder)
        ).outcome()
        let note = try #require(try Self.told(outcome)("models", "together"))
        #expect(outcome.status == 0 && note.grade == "note", "\(outcome.output)")
        #expect(note.remedy?.hasPrefix("b comes when a request names it") == true, "\(note)")
    }

    @Test("Nothing shows the password of a hub's address")
    func secretAddress() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = Self.sound(folder).merging(["HF_ENDPOINT": "http://me:pass-word@127.0.0.1:9/hub"]) {
            $1
        }
        for arguments in [
            ["doctor"], ["doctor", "--online"], ["doctor", "--json", "--online", "--model", "ViT-B-32"],
            ["serve", "--print-config", "--allow-models", "none"], ["serve", "--print-config"],
        ] {
            let outcome = try await Command.start(arguments, environment: environment).outcome()
            // Where the hub may be asked, serve refuses such an address, without showing it at all.
            #expect(
                outcome.output.contains("http://...@127.0.0.1:9/hub") || outcome.status == 78,
                "\(arguments): \(outcome.output)"
            )
            #expect(!(outcome.output + outcome.errors).contains("pass-word"), "\(arguments)")
        }
    }

    @Test("The hub is asked only with --online, and proxies are shown without passwords")
    func hub() async throws {
        let folder = try Self.folder()
        let hub = try ScriptedServer.answering { _ in answer("404 Not Found", "X-Error-Code: RepoNotFound") }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let environment = Self.sound(folder).merging(
            [
                "HF_ENDPOINT": "http://127.0.0.1:\(hub.port)", "ALL_PROXY": "",
                "HTTPS_PROXY": "http://me:word@proxy:1",
            ]
        ) { $1 }
        let quiet = try await Command.run("doctor", "--json", environment: environment)
        #expect(quiet.status == 0 && hub.connectionCount == 0)
        #expect(try Self.told(quiet)("network", "HTTPS_PROXY")?.value == "http://...@proxy:1")
        let asked = try await Command.run("doctor", "--json", "--online", environment: environment)
        #expect(asked.status == 0 && hub.connectionCount > 0, "\(asked.output)")
        #expect(try Self.told(asked)("network", "hub")?.value.hasSuffix("answers") == true)
        let nobody = environment.merging(["HF_ENDPOINT": "http://127.0.0.1:9"]) { $1 }
        let here = try await Command.run("doctor", "--json", "--online", environment: nobody)
        #expect(here.status == 0)
        #expect(try Self.told(here)("network", "hub")?.grade == "note")
        let needed = try await Command.run(
            "doctor",
            "--json",
            "--online",
            "--model",
            "ViT-B-32",
            environment: nobody
        )
        #expect(needed.status == 1)
        #expect(try Self.told(needed).problems.map(\.name) == ["hub"])
    }

    // MARK: The processor

    private static let description = """
        processor : 0
        model name : An Example
        flags : fpu avx2 fma avx512f avx512_vnni
        """

    @Test("Instructions, precision and cores follow from what the system tells")
    func processor() {
        let check = ProcessorCheck(
            description: Self.description,
            processors: MachineProcessors(cores: 4, quota: nil)
        )
        let findings = check.findings(native: [.f32, .int8], asked: .auto, threads: 4)
        #expect(findings.map(\.grade) == [.ok, .ok, .ok, .ok])
        #expect(
            findings.map(\.value) == [
                "An Example", "AVX2, FMA, AVX-512, AVX-512 VNNI", "f32, as auto chooses of f32, int8",
                "4; 4 threads compute",
            ]
        )
        let refused = check.findings(native: [.f32], asked: .bf16, threads: 4)
        #expect(refused.map(\.grade) == [.ok, .ok, .problem, .note, .ok])
        let unknown = ProcessorCheck(
            description: "",
            processors: MachineProcessors(cores: 1, quota: nil)
        )
        #expect(
            unknown.findings(native: [.f32], asked: .f32, threads: 1).first?.value == "not told by the system"
        )
    }

    @Test("More threads than a quota has time for are noted, with the number that suits")
    func quota() throws {
        let check = ProcessorCheck(
            description: Self.description,
            processors: MachineProcessors(cores: 4, quota: 1.5)
        )
        let cores = try #require(check.findings(native: [.bf16, .f32], asked: .auto, threads: 4).last)
        #expect(cores.grade == .note && cores.remedy?.contains("--threads 2 (CLIP_THREADS)") == true)
        #expect(cores.value.contains("1.5 cores' time"))
        #expect(check.findings(native: [.bf16, .f32], asked: .auto, threads: 2).last?.grade == .ok)
    }
}
