import Foundation

/// The built `clip` command, run as a user runs it.
enum Command {
    /// What a run left behind.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// Standard error without the variables that stand in brackets behind flags.
        var sentences: String { errors.replacing(#/ \([A-Z]+_[A-Z_]+\)/#, with: "") }

        /// The lines of standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// The command lies beside the test bundle.
    static var executable: URL {
        Bundle.main.bundleURL.appendingPathComponent("clip")
    }

    /// What a sanitizer of this process is told, which holds for the command, too.
    private static let sanitizing = ProcessInfo.processInfo.environment.filter { name, _ in
        ["LD_PRELOAD", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "SWIFT_BACKTRACE"].contains(name)
    }

    /// Starts the command with these variables alone set beside the path, and with the precision that goldens are of.
    static func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: [UInt8] = [],
        executable: URL = executable
    ) throws -> Running {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment.merging(["PATH": "/usr/bin:/bin", "CLIP_PRECISION": "f32"]) {
            given,
            _ in given
        }.merging(sanitizing) { given, _ in given }
        return try Running(process, input: input)
    }

    /// Runs the command to its end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: [UInt8] = [],
        executable: URL = executable
    ) async throws -> Outcome {
        let running = try start(arguments, environment: environment, input: input, executable: executable)
        return await running.outcome()
    }

    /// Runs a line of the shell in which `$0` is the command.
    static func shell(_ script: String, _ arguments: String...) async throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, executable.path] + arguments
        return try await Running(process, input: []).outcome()
    }

    /// Starts a server on any port, and waits until it listens.
    static func serving(
        _ arguments: [String],
        environment: [String: String] = [:],
        executable: URL = executable
    ) async throws -> (running: Running, port: Int) {
        let running = try start(
            ["serve"] + arguments,
            environment: environment.merging(["PORT": "0", "HOST": "127.0.0.1"]) { given, _ in given },
            executable: executable
        )
        let deadline = ContinuousClock.now + .seconds(180)
        while running.process.isRunning, ContinuousClock.now < deadline {
            if let match = running.errors.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:(\d+)/),
                let port = Int(match.1)
            {
                return (running, port)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NotListening(errors: running.errors)
    }

    /// A server that did not come up.
    struct NotListening: Error {
        let errors: String
    }
}

/// A command that was started.
///
/// Its output goes to files, so that no full pipe can stop it.
final class Running {
    let process: Process
    private let folder: URL

    init(_ process: Process, input: [UInt8]) throws {
        self.process = process
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-command-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["output", "errors"] { try Data().write(to: folder.appendingPathComponent(name)) }
        try Data(input).write(to: folder.appendingPathComponent("input"))
        process.standardInput = try FileHandle(forReadingFrom: folder.appendingPathComponent("input"))
        process.standardOutput = try FileHandle(forWritingTo: folder.appendingPathComponent("output"))
        process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent("errors"))
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
        try? FileManager.default.removeItem(at: folder)
    }

    /// What was written to standard error until now.
    var errors: String { text("errors") }

    /// Waits for the end, on a thread of its own.
    func outcome() async -> Command.Outcome {
        let process = UncheckedProcess(process)
        await withCheckedContinuation { continuation in
            Thread {
                process.value.waitUntilExit()
                continuation.resume()
            }.start()
        }
        return Command.Outcome(
            status: self.process.terminationStatus,
            output: text("output"),
            errors: text("errors")
        )
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }

    /// Only `waitUntilExit` is called on the other thread, while this one waits for it.
    private struct UncheckedProcess: @unchecked Sendable {
        let value: Process

        init(_ value: Process) { self.value = value }
    }
}
