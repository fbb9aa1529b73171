#if os(Linux)
import CLIPTestSupport
import Foundation
import Testing

@Suite("The log of clip serve", .timeLimit(.minutes(3)))
struct ServeLogTests {
    /// Who runs the tests may ignore broken pipes, which children would inherit; only Linux's `env` takes that back.
    private static let asUsual = "--default-signal=PIPE"

    /// A port that was free a moment ago: a server whose log nobody reads cannot tell of one that the system chose.
    private func freePort() throws -> Int {
        let server = try ScriptedServer { _ in }
        defer { server.stop() }
        return server.port
    }

    @Test(
        "A server starts, serves and ends as it should where nobody reads its log",
        arguments: ["text", "json"]
    )
    func noReader(format: String) async throws {
        let (process, pipe, port) = (Process(), Pipe(), try freePort())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            Self.asUsual, Command.executable.path, "serve", "--port", "\(port)", "--log-level", "trace",
            "--log-format", format,
        ]
        process.environment = ["PATH": "/usr/bin:/bin", "CLIP_PRECISION": "f32", "CLIP_PACKED_CACHE": "none"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = pipe
        try pipe.fileHandleForReading.close()
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        try await eventually(within: .seconds(60)) {
            try #require(process.isRunning, "it has ended with \(process.terminationStatus)")
            return try await Command.run("health", "--port", "\(port)").status == 0
        }
        process.terminate()
        try await eventually { !process.isRunning }
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }

    @Test("A command that writes to a pipe still ends with its reader")
    func filter() async throws {
        let outcome = try await Command.shell(
            // The shell knows only the last status of a pipe, so that of the command is written where it is known.
            "{ seq 20000 | env \(Self.asUsual) \"$0\" tokenize -; echo $? >&2; } | head -n 1 > /dev/null"
        )
        #expect(outcome.errors == "141\n", "\(outcome.errors)")
    }
}
#endif
