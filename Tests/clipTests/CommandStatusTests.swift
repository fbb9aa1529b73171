import CLIPTestSupport
import Foundation
import Testing
import clip

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("What the command ends with", .timeLimit(.minutes(5)))
struct CommandStatusTests {
    /// One thing that goes wrong.
    struct Case: CustomTestStringConvertible {
        let arguments: [String]
        let environment: [String: String]
        let status: CommandStatus

        init(_ status: CommandStatus, _ arguments: String..., environment: [String: String] = [:]) {
            (self.status, self.arguments, self.environment) = (status, arguments, environment)
        }

        var testDescription: String { arguments.joined(separator: " ") }
    }

    private static let picture = Fixture.url("imaging/png-rgb.png").path
    private static let archive = Fixture.url("archives/training.pt").path

    /// Those for which nothing has to be prepared.
    private static let plain = [
        Case(.success, "tokenize", "a"), Case(.success, "--version"), Case(.success, "embed", "--help"),
        Case(.success), Case(.usage, "nosuch"), Case(.usage, "embed"), Case(.usage, "embed", "--nosuch"),
        Case(.usage, "classify", "--labels", "a"), Case(.usage, "pull"), Case(.usage, "compare", "a.png"),
        Case(.usage, "serve", "--port", "many"), Case(.usage, "serve", "--json"),
        Case(.usage, "search", "x", "--since", "9999-01-01"),
        Case(.usage, "search", "x", "--since", "999999d"),
        Case(.answerIsNo, "embed", "missing.jpg", "--text", "a"),
        Case(.answerIsNo, "classify", "missing.jpg", "--labels", "a"),
        Case(.answerIsNo, "doctor", "--port", "70000"),
        Case(.unusableInput, "classify", "--text", "a", "--labels", "cat,cat"),
        Case(.unusableInput, "compare", #filePath, "a"),
        Case(.unusableInput, "tokenize", String(repeating: "word ", count: 100)),
        Case(.unusableInput, "convert", picture, "/nonexistent/out"),
        Case(.unusableInput, "embed", "--text", "-"),
        Case(.unusableInput, "embed", "--model", "/usr", "--text", "a"),
        Case(.missingInput, "compare", "missing.jpg", "a"), Case(.missingInput, "evaluate", "/nowhere"),
        Case(.missingInput, "classify", "--text", "a", "--labels-file", "missing.txt"),
        Case(.missingInput, "embed", "--model", "/nowhere", "--text", "a"),
        Case(.missingInput, "serve", "--port", "0", "--model", "/nowhere"),
        Case(.missingInput, "serve", "--model", "nosuch"), Case(.missingInput, "pull", "nosuch"),
        Case(.missingInput, "convert", "missing.pt", "/nonexistent/out"),
        Case(.unavailable, "health", "--port", "1"),
        Case(.unavailable, "serve", "--offline", "--model", "acme/none"),
        Case(.unavailable, "pull", "--offline", "ViT-B-32"),
        Case(.cannotCreate, "convert", archive, "/proc/clip"),
        Case(.unusableSetting, "serve", "--max-batch", "0"),
        Case(.unusableSetting, "serve", "--print-config", "--threads", "0"),
        Case(.unusableSetting, "serve", "--default-model", "other"),
        Case(.unusableSetting, "serve", "--model", "nosuch", "--max-batch", "0"),
        Case(.unusableSetting, "serve", "--port", "0", "--model-memory", "1000"),
        Case(.unusableSetting, "embed", "--text", "a", environment: ["CLIP_PRECISION": "f7"]),
        Case(.unusableSetting, "health", environment: ["CLIP_PORT": "many"]),
        Case(.unusableSetting, "pull", "ViT-B-32", environment: ["HF_ENDPOINT": "ftp://x"]),
    ]

    @Test("Each way to fail has its status", arguments: plain)
    func fails(_ one: Case) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clip-status-\(UUID())")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let environment = one.environment.merging(["HOME": folder]) { given, _ in given }
        let outcome = try await Command.start(one.arguments, environment: environment).outcome()
        #expect(outcome.status == one.status.rawValue, "\(outcome.errors)\(outcome.output)")
    }

    @Test(
        "What a hub says has its status",
        arguments: [
            ("404 Not Found", "X-Error-Code: RepoNotFound", .missingInput),
            ("403 Forbidden", "X-Error-Code: GatedRepo", .notPermitted),
            ("418 Teapot", "X-Other: 1", .tryLater), ("302 Found", "Location: ftp://x/y", .unavailable),
        ] as [(String, String, CommandStatus)]
    )
    func hub(line: String, field: String, status: CommandStatus) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clip-status-\(UUID())")
            .path
        let hub = try ScriptedServer.answering { _ in answer(line, field) }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let environment = ["HF_ENDPOINT": hub.url(""), "HF_HUB_CACHE": folder, "HOME": folder]
        let outcome = try await Command.run("pull", "acme/plain", environment: environment)
        #expect(outcome.status == status.rawValue, "\(outcome.errors)")
    }

    @Test("A full disk is told by its status, and so is a port that is taken")
    func machine() async throws {
        let full = try await Command.shell(#"exec "$0" tokenize a > /dev/full"#)
        #expect(full.status == CommandStatus.cannotWrite.rawValue, "\(full.errors)")
        let other = try ScriptedServer { $0.waitForClose() }
        defer { other.stop() }
        let taken = try await Command.run("serve", "--port", "\(other.port)")
        #expect(taken.status == CommandStatus.unavailable.rawValue, "\(taken.errors)")
    }

    @Test("A server ends with 0 at the first signal, and with 130 at a second one before it is done")
    func signals() async throws {
        let (running, port) = try await Command.serving(["--shutdown-delay", "60"])
        try await eventually(within: .seconds(60)) { running.errors.contains("is ready") }
        running.process.terminate()
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/readiness"))
        var status = 200
        while status == 200 {
            status = try #require(try await URLSession.shared.data(from: url).1 as? HTTPURLResponse)
                .statusCode
        }
        #expect(status == 503)
        running.process.terminate()
        #expect(await running.outcome().status == CommandStatus.interrupted.rawValue)
    }

    /// A hang needs another process that stops one of the threads: `make attack ONLY=watchdog` does that, and wants 70.
    @Test("Every status that there is has a case here, but that of a thread that hangs")
    func complete() {
        let here = Set(Self.plain.map(\.status) + [.notPermitted, .tryLater, .cannotWrite, .interrupted])
        #expect(Set(CommandStatus.allCases).subtracting(here) == [.internalFault])
        #expect(CommandStatus.internalFault.rawValue == 70)
    }

    @Test("The help has all of them, and from there the man page and Documentation/Options.md")
    func documented() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let help = try await Command.run("--help", environment: ["COLUMNS": "400"]).output
        let manual = try await Command.shell(
            "\"$0\" --experimental-dump-help | python3 \"$1/Deploy/manual.py\"",
            root.path
        )
        let document = try String(
            contentsOf: root.appendingPathComponent("Documentation/Options.md"),
            encoding: .utf8
        )
        for status in CommandStatus.allCases {
            #expect(help.contains("  \(status.rawValue)  \(status.meaning.prefix(20))"), "\(status)")
            #expect(manual.output.contains(".B \(status.rawValue)\n\(status.meaning)\n"), "\(status)")
            #expect(
                document.contains("| \(status.rawValue) | \(status.meaning) |"),
                "\(status)"
            )
        }
        #expect(!manual.output.contains("Exit status:"), "It is there once.")
        for page in [manual.output.replacing("\\-", with: "-"), document] {
            #expect(page.contains("such as 130 after Ctrl-C."))
        }
    }
}
