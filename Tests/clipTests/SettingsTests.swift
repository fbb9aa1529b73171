import CLIPTestSupport
import Foundation
import Testing

@Suite("The settings of the server", .timeLimit(.minutes(5)))
struct SettingsTests {
    /// A flag as the help tells it.
    struct Flag {
        let name: String
        let takesValue: Bool
        let help: String

        /// The variables that say the same.
        var variables: [String] {
            help.matches(of: /\b([A-Z]+_[A-Z_]+|HOST|PORT)\b/).map { String($0.1) }
        }
    }

    static func flags() async throws -> [Flag] {
        let help = try await Command.run("serve", "--help").output
        return help.split(separator: "\n  -").dropFirst().compactMap { entry in
            guard let match = "-\(entry)".firstMatch(of: /^(--[a-z-]+)(\/--[a-z-]+)?( <)?/),
                !["--help", "--version"].contains(match.1)
            else { return nil }
            let words = entry.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return Flag(name: String(match.1), takesValue: match.3 != nil, help: words)
        }
    }

    /// A value that each flag refuses; what takes any text has none.
    private static let badValues = [
        "--model": "a b=/nowhere", "--default-model": "nobody", "--precision": "f7", "--threads": "0",
        "--decode-threads": "1025", "--decode": "rough", "--max-image-bytes": "0",
        "--max-image-pixels": "0", "--max-image-side": "0", "--max-image-aspect": "0",
        "--max-webp-pixels": "0", "--max-avif-pixels": "0", "--max-avif-bytes": "0",
        "--decode-seconds": "nan", "--text-cache-bytes": "-1", "--image-cache-bytes": "-1",
        "--label-cache-bytes": "-1",
        "--image-formats": "tga", "--host": "no such host", "--port": "70000", "--health-port": "-1",
        "--metrics-port": "65536", "--log-format": "xml",
        "--max-body-bytes": "0", "--max-connections": "0", "--idle-seconds": "long",
        "--header-seconds": "-1", "--body-seconds": "1e300", "--stall-seconds": "nan",
        "--send-seconds": "inf", "--shutdown-delay": "-1", "--drain-seconds": "nan",
        "--allow-origins": "https://a b", "--api-keys-file": "/nonexistent/keys",
        "--management-key-file": "/nonexistent/keys", "--max-batch": "0", "--max-pending": "0",
        "--max-texts": "0", "--memory-budget": "lots", "--request-seconds": "nan",
        "--queue-seconds": "nan", "--pass-seconds": "nan", "--fetch-hosts": "a:80",
        "--fetch-hosts-deny": " , ", "--max-redirects": "51", "--fetch-seconds": "nan",
        "--fetch-min-speed": "-1", "--fetch-slow-seconds": "0", "--fetch-places": "4000",
        "--fetch-places-per-host": "0", "--fetch-places-per-client": "0", "--fetch-queue": "65537",
        "--allow-models": "../up", "--model-memory": "lots", "--idle-unload": "nan",
        "--load-seconds": "nan", "--fetch-ca-file": "/nonexistent/ca.pem", "--log-level": "loud",
        "--index": "/nonexistent/index",
    ]

    private static let takesAnything: Set<String> = ["--packed-cache", "--cache-dir"]

    /// What is wrong with the words of a refusal to start.
    private static func complaints(of errors: String) -> [String] {
        errors.split(separator: "\n").flatMap { line -> [String] in
            let sentence = String(line.hasPrefix("Error: ") ? line.dropFirst(7) : line)
            var faults = Words.faults(of: sentence)
            if sentence.contains(/\b[a-z]+[A-Z]/) { faults.append("it has a name of Swift's") }
            if sentence.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                faults.append("a terminal would obey it")
            }
            return faults.map { "\($0): \(sentence)" }
        }
    }

    @Test("Bad values of all flags are told at once, each in a sentence that names the flag")
    func badFlags() async throws {
        let flags = try await Self.flags().filter { $0.takesValue && !Self.takesAnything.contains($0.name) }
        #expect(flags.count > 40)
        #expect(flags.map(\.name).filter { Self.badValues[$0] == nil } == [], "they need a bad value here")
        let arguments = flags.compactMap { flag in Self.badValues[flag.name].map { "\(flag.name)=\($0)" } }
        let outcome = try await Command.start(["serve"] + arguments).outcome()
        #expect(outcome.status != 0)
        #expect(Self.complaints(of: outcome.errors) == [])
        #expect(flags.map(\.name).filter { !outcome.errors.contains($0) } == [], "they are not told")
    }

    @Test("Times of nothing are refused by the flag's name")
    func noTime() async throws {
        let names = try await Self.flags().map(\.name).filter { $0.hasSuffix("-seconds") }
        #expect(names.count >= 10)
        let outcome = try await Command.start(["serve"] + names.map { "\($0)=0" }).outcome()
        #expect(outcome.status != 0)
        #expect(Self.complaints(of: outcome.errors) == [])
        for name in names { #expect(outcome.sentences.contains("\(name) must"), "\(name)") }
    }

    @Test("Bad values of all variables are told at once, without what a terminal would obey")
    func badVariables() async throws {
        let flags = try await Self.flags().filter { !Self.takesAnything.contains($0.name) }
        let own = flags.flatMap { flag in
            flag.variables.filter { $0.hasPrefix("CLIP_") }.map { (variable: $0, flag: flag.name) }
        }
        #expect(own.count > 50)
        let environment = own.reduce(into: [:]) { $0[$1.variable] = "\u{1B}[31m \($1.variable)" }
        let outcome = try await Command.start(["serve"], environment: environment).outcome()
        #expect(outcome.status != 0)
        #expect(Self.complaints(of: outcome.errors) == [])
        // Of two names for one setting the first is read.
        let untold = own.filter { variable, flag in
            !outcome.errors.contains("\(variable)=") && !outcome.errors.contains(flag)
                && variable != "CLIP_MAX_BATCH_SIZE"
        }
        #expect(untold.map(\.variable) == [])
    }

    @Test(
        "A list that names nothing is refused, so that nobody thinks that it guards",
        arguments: [
            ("CLIP_API_KEYS", ","), ("CLIP_API_KEYS", " "), ("CLIP_API_KEYS", " ,\n, "),
            ("CLIP_FETCH_HOSTS", ","), ("WHITELISTED_DESTINATIONS_FOR_URL_INPUT", " "),
            ("CLIP_FETCH_HOSTS_DENY", " "), ("BLACKLISTED_DESTINATIONS_FOR_URL_INPUT", ",,"),
            ("CLIP_ALLOW_ORIGINS", ","), ("CLIP_IMAGE_FORMATS", " , "), ("CLIP_MODEL", ","),
        ]
    )
    func emptyLists(variable: String, value: String) async throws {
        let outcome = try await Command.run(
            "serve",
            "--host",
            "0.0.0.0",
            "--port",
            "0",
            environment: [variable: value]
        )
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("\(variable) is a list with nothing in it"), "\(outcome.errors)")
        #expect(Self.complaints(of: outcome.errors) == [])
    }

    @Test(
        "Documentation/Options.md is what the command says of its flags and variables, and tells of all that are read"
    )
    func documented() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let outcome = try await Command.shell(
            "\"$0\" --experimental-dump-help | python3 \"$1/Deploy/options.py\" --check",
            root.path
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let document = try String(
            contentsOf: root.appendingPathComponent("Documentation/Options.md"),
            encoding: .utf8
        )
        for flag in try await Self.flags() {
            #expect(
                document.contains(flag.name) && flag.variables.allSatisfy(document.contains),
                "\(flag.name)"
            )
        }
    }

    @Test("What is said of flags beyond that is said of flags that there are")
    func chapters() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appendingPathComponent("Documentation/Configuration.md"),
            encoding: .utf8
        )
        let rows = document.matches(of: #/\n\| `(--[a-z-]+)` \|/#).map { String($0.1) }
        #expect(rows.count > 30)
        let names = Set(try await Self.flags().map(\.name))
        #expect(rows.filter { !names.contains($0) } == [])
    }
}
