import CLIPTestSupport
import Foundation
import Testing

@Suite("Keys from the shell", .timeLimit(.minutes(5)))
struct GuardOptionsTests {
    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-keys-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        try await body(file.path)
    }

    private func refusal(_ arguments: String..., environment: [String: String] = [:]) async throws -> String {
        let outcome = try await Command.start(
            ["serve", "--host", "0.0.0.0", "--port", "0"] + arguments,
            environment: environment
        ).outcome()
        #expect(outcome.status != 0)
        return outcome.sentences
    }

    @Test("A file without a key is refused", arguments: ["", "\n\r\n", "# a comment\n \n"])
    func noKey(text: String) async throws {
        try await withFile(text) { file in
            for flag in ["--api-keys-file", "--management-key-file"] {
                let errors = try await refusal(flag, file)
                #expect(errors.contains("\(flag) '\(file)' has no key in it."), "\(errors)")
            }
        }
    }

    @Test(
        "A key that could be guessed, or not be sent, is refused and not repeated",
        arguments: ["CLIP_API_KEYS", "CLIP_MANAGEMENT_KEY"]
    )
    func badKeys(variable: String) async throws {
        for value in ["secret7", "a secret key", "s3cret-\u{1B}[31m"] {
            let errors = try await refusal(environment: [variable: value])
            #expect(errors.contains("8 to 256 letters, digits and signs"), "\(errors)")
            #expect(!errors.contains(value) && !errors.contains("\u{1B}"))
        }
        // Not a list, and not nothing.
        for value in [" ", ","] {
            let errors = try await refusal(environment: ["CLIP_MANAGEMENT_KEY": value])
            #expect(errors.contains("--management-key-file"), "\(errors)")
        }
    }

    @Test("A management key and the leave to do without one contradict each other")
    func contradiction() async throws {
        let errors = try await refusal(
            "--allow-management",
            environment: ["CLIP_MANAGEMENT_KEY": "a-key-for-tests"]
        )
        #expect(errors.contains("--allow-management asks for no key"), "\(errors)")
    }

    @Test("Keys from a file and from a variable let in, and neither is printed")
    func keys() async throws {
        try await withFile("# those who may\r\n key-of-the-file \r\n") { file in
            let (server, port) = try await Command.serving(
                ["--api-keys-file", file, "--log-level", "trace"],
                environment: ["CLIP_API_KEYS": "key-of-the-variable, another-of-these"]
            )
            for (key, status) in [
                ("key-of-the-file", 200), ("key-of-the-variable", 200), ("another-of-these", 200),
                ("none", 401),
            ] {
                let answer = try await Command.shell(
                    "curl -s -o /dev/null -w '%{http_code}' 'http://127.0.0.1:\(port)/info?api_key=\(key)'"
                )
                #expect(answer.output == "\(status)", "\(key) \(answer.errors)")
            }
            server.process.terminate()
            let errors = await server.outcome().errors
            #expect(errors.contains("everybody on this machine can read \(file)"))
            #expect(!errors.contains("key-of-the") && !errors.contains("another-of-these"))
        }
    }
}
