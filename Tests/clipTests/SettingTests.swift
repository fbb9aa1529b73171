import CLIPTestSupport
import Foundation
import Testing
import clip

@Suite("Settings and who says so", .timeLimit(.minutes(5)))
struct SettingTests {
    @Test("A flag wins over variables, the first variable over others, and all of them over the default")
    func origins() {
        var environment = Environment(["B": "2", "C": "3", "T": "1.5", "Y": "off", "L": " x, ,y"])
        var (one, two, three) = (1, 1, 1)
        environment.fill(&one, "--one", 7, "B", "C")
        environment.fill(&two, "--two", nil, "A", "B", "C")
        environment.fill(&three, "--three", nil, "A")
        var time = Duration.seconds(9)
        environment.fill(seconds: &time, "--time", nil, "T")
        var isOn = false
        environment.fill(&isOn, "--on", nil, "X", opposite: "Y")
        var list: [String]?
        environment.fill(&list, "--list", nil, "L")
        #expect((one, two, three) == (7, 2, 1) && time == .seconds(1.5) && isOn && list == ["x", "y"])
        #expect(environment.settings.map(\.origin) == ["--one", "B", "default", "T", "Y", "L"])
        #expect(
            environment.settings.map(\.value) == [
                .number(7), .number(2), .number(1), .seconds(1.5), .isOn(true), .list(["x", "y"]),
            ]
        )
        #expect(environment.problems.isEmpty)
    }

    @Test("A flag in a sentence gets its variable, once, and only where it stands by itself")
    func naming() {
        var environment = Environment([:])
        var number = 1
        var used = Environment(["OTHER": "2"])
        used.fill(&number, "--decode-seconds", nil, "CLIP_DECODE_SECONDS", "OTHER")
        #expect(used.naming("Raise --decode-seconds.") == "Raise --decode-seconds (OTHER).")
        environment.fill(&number, "--decode", nil, "CLIP_DECODE")
        environment.fill(&number, "--decode-seconds", nil, "CLIP_DECODE_SECONDS", "OTHER")
        environment.fill(&number, "--model", nil, "CLIP_MODEL")
        for (sentence, named) in [
            ("Raise --decode-seconds.", "Raise --decode-seconds (CLIP_DECODE_SECONDS)."),
            ("Too much (--decode).", "Too much (--decode, CLIP_DECODE)."),
            ("--decode is bad; --decode.", "--decode (CLIP_DECODE) is bad; --decode."),
            ("--decode or CLIP_DECODE is bad.", "--decode or CLIP_DECODE is bad."),
            ("--model NAME=MODEL names it.", "--model NAME=MODEL names it."),
            ("--models is another.", "--models is another."), ("--decode", "--decode (CLIP_DECODE)"),
            ("Nothing to name.", "Nothing to name."),
        ] {
            #expect(environment.naming(sentence) == named)
        }
    }

    @Test(
        "What stands before a host is not shown",
        arguments: [
            ("http://user:word@proxy:3128/x", "http://...@proxy:3128/x"),
            ("user@proxy:3128", "...@proxy:3128"),
            ("https://a@b@host", "https://...@host"), ("https://host/a@b", "https://host/a@b"), ("", ""),
            ("http://user:wo/rd@proxy:3128", "http://...@proxy:3128"),
            ("http://host:80/a@b", "http://host:80/a@b"), ("http://[::1]/a@b", "http://[::1]/a@b"),
        ]
    )
    func secretText(address: String, shown: String) {
        #expect(SecretText.withoutUser(address) == shown)
    }

    private struct Shown: Decodable {
        struct Setting: Decodable {
            let flag: String?
            let variables: [String]
            let from: String
        }
        let settings: [Setting]
    }

    @Test("clip serve --print-config has every flag of the server with the variables that its help names")
    func isComplete() async throws {
        let outcome = try await Command.run("serve", "--print-config", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let shown = try JSONDecoder().decode(Shown.self, from: Data(outcome.output.utf8)).settings
        let flags = try await SettingsTests.flags().filter { !$0.variables.isEmpty }
        #expect(flags.count > 50)
        for flag in flags {
            guard let setting = shown.first(where: { $0.flag == flag.name }) else {
                Issue.record("--print-config lacks \(flag.name)")
                continue
            }
            let untold = Set(flag.variables).subtracting(
                setting.variables
                    + shown.filter { $0.flag == nil }
                    .flatMap(\.variables)
            )
            #expect(untold.isEmpty, "\(flag.name)")
        }
    }

    @Test("Text and JSON say what is in force and who says so, and never what a key or token is")
    func printConfig() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-keys-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("secret-of-file\n".utf8).write(to: folder)
        // What others may read is noted.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path)
        let environment = [
            "CLIP_API_KEYS": "secret-of-variable", "CLIP_MANAGEMENT_KEY": "secret-of-management",
            "HF_TOKEN": "secret-of-hub", "MAX_IMAGE_URL_REDIRECTS": "3", "CLIP_MEMORY_BUDGET": "512MB",
            "CLIP_THREADS": "1",
        ]
        let arguments = ["serve", "--print-config", "--threads", "2", "--api-keys-file", folder.path]
        let text = try await Command.start(arguments, environment: environment).outcome()
        #expect(text.status == 0 && text.errors.isEmpty, "\(text.errors)")
        for row in [
            "--threads 2 --threads", "--max-redirects 3 MAX_IMAGE_URL_REDIRECTS",
            "--memory-budget 512000000 CLIP_MEMORY_BUDGET", "--model clip-mini default",
            "--port 9001 default",
            "CLIP_API_KEYS set, and not shown CLIP_API_KEYS", "HF_TOKEN set, and not shown HF_TOKEN",
            "--api-keys-file \(folder.path) --api-keys-file", "--health-port not set default",
        ] {
            #expect(
                text.lines.contains { $0.split(separator: " ").joined(separator: " ") == row },
                "\(row): \(text.output)"
            )
        }
        let json = try await Command.start(arguments + ["--json"], environment: environment).outcome()
        #expect(
            json.output.contains(
                #"{"flag":"--threads","variables":["CLIP_THREADS"],"value":2,"from":"--threads"}"#
            )
        )
        #expect(json.output.contains(#""value":"set","from":"CLIP_MANAGEMENT_KEY""#))
        for outcome in [text, json] { #expect(!outcome.output.contains("secret-of")) }
    }

    @Test("What the program chooses itself is shown as it will be, with what it follows from")
    func chosen() async throws {
        let environment = [
            "HTTPS_PROXY": "http://me:secret-of-proxy@proxy:3128", "no_proxy": "localhost",
            "HOST": "elsewhere",
            "CLIP_FETCH_PLACES": "9",
        ]
        let text = try await Command.run("serve", "--print-config", environment: environment)
        #expect(text.status == 0, "\(text.errors)")
        for row in [
            #"--fetch-places-per-client +5 +half of --fetch-places"#,
            #"--threads +\d+ +(the cores of this process|the control group's quota)"#,
            #"--decode-threads +\d+ +(the cores of this process|the control group's quota)"#,
            #"--memory-budget +\d+ +a part of (the .+)"#,
            #"--model-memory +\d+ +three quarters of (the .+)"#,
            #"https_proxy +http://\.\.\.@proxy:3128 +HTTPS_PROXY"#, #"no_proxy +localhost +no_proxy"#,
            #"http_proxy +not set +default"#,
        ] {
            let pattern = try Regex(row)
            #expect(text.lines.contains { $0.wholeMatch(of: pattern) != nil }, "\(row): \(text.output)")
        }
        #expect(text.errors.hasPrefix("Note: HOST='elsewhere' is no address"), "\(text.errors)")
        let json = try await Command.run("serve", "--print-config", "--json", environment: environment)
        #expect(json.output.contains(#""notices":["HOST='elsewhere' is no address"#), "\(json.output)")
        #expect(json.errors.isEmpty)
        for outcome in [text, json] { #expect(!(outcome.output + outcome.errors).contains("secret-of")) }
        let set = try await Command.run(
            "serve",
            "--print-config",
            environment: ["CLIP_FETCH_PLACES_PER_CLIENT": "3", "CLIP_ALLOW_MODELS": "none"]
        )
        for row in [
            "--fetch-places-per-client 3 CLIP_FETCH_PLACES_PER_CLIENT", "--model-memory not set default",
        ] {
            #expect(
                set.lines.contains { $0.split(separator: " ").joined(separator: " ") == row },
                "\(row): \(set.output)"
            )
        }
    }

    @Test("A process that may run on one core computes on one thread")
    func oneCore() async throws {
        let script = """
            core=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\\([0-9]*\\).*/\\1/p' /proc/self/status)
            exec taskset -c "$core" "$0" serve --print-config --json
            """
        let outcome = try await Command.shell(script)
        for flag in ["threads", "decode-threads"] {
            let setting = try #require(
                outcome.output.firstMatch(of: try Regex(#"\{"flag":"--\#(flag)",[^}]*\}"#)),
                "\(outcome.errors)"
            )
            #expect(String(setting.0).contains(#""value":1,"from":"the c"#), "\(setting.0)")
        }
    }

    @Test("What serve would refuse, --print-config refuses; a port that is taken is no reason")
    func refused() async throws {
        let bad = try await Command.run("serve", "--print-config", environment: ["CLIP_THREADS": "0"])
        #expect(bad.status == 78 && bad.output.isEmpty)
        #expect(bad.errors == "Error: --threads (CLIP_THREADS) must be from 1 to 1024, not 0.\n")
        let alone = try await Command.run("serve", "--json")
        #expect(alone.status == 64 && alone.errors.contains("--print-config"))
        let (server, port) = try await Command.serving([])
        let second = try await Command.run("serve", "--print-config", "--port", "\(port)")
        #expect(second.status == 0, "\(second.errors)")
        server.process.terminate()
        _ = await server.outcome()
    }
}
