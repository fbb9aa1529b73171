import CLIPTestSupport
import Foundation
import Testing
import clip

@Suite("clip health", .timeLimit(.minutes(2)))
struct HealthTests {
    private func ask(
        _ port: Int,
        _ more: String...,
        environment: [String: String] = [:]
    ) async throws -> Command.Outcome {
        let running = try Command.start(["health", "--port", "\(port)"] + more, environment: environment)
        return await running.outcome()
    }

    @Test("A server that is ready gives 0, one that is not 1, and nobody 69")
    func outcomes() async throws {
        let answers = ["/readiness": 503, "/healthz": 200]
        let server = try ScriptedServer { connection in
            guard let request = connection.readRequest() else { return }
            let path = answers.keys.first { request.contains($0) } ?? ""
            let status = answers[path] ?? 404
            connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        }
        let port = server.port
        let notReady = try await ask(port)
        #expect(notReady.status == 1)
        #expect(notReady.errors == "Error: The server at 127.0.0.1:\(port) says 503: {}\n")
        let alive = try await ask(port, "--live")
        #expect(alive.status == 0 && alive.output == "{}\n", "\(alive.errors)")
        server.stop()
        let nobody = try await ask(port)
        #expect(nobody.status == 69 && nobody.errors.contains("Nobody listens at 127.0.0.1:\(port)"))
    }

    @Test("One that does not answer, or speaks something else, is told within the time")
    func silence() async throws {
        let silent = try ScriptedServer { $0.waitForClose() }
        defer { silent.stop() }
        let outcome = try await ask(silent.port, "--seconds", "0.2")
        #expect(
            outcome.status == 69 && outcome.errors.contains("did not answer in time"),
            "\(outcome.errors)"
        )
        let other = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("SSH-2.0-x\r\n")
        }
        defer { other.stop() }
        let strange = try await ask(other.port)
        #expect(strange.status == 69 && strange.errors.contains("does not speak HTTP"), "\(strange.errors)")
    }

    @Test("It finds the server by the variables that clip serve reads")
    func variables() async throws {
        let (running, port) = try await Command.serving([])
        defer { running.process.terminate() }
        let found = try Command.start(
            ["health", "--live"],
            environment: ["CLIP_PORT": "\(port)", "CLIP_HOST": "0.0.0.0"]
        )
        let outcome = await found.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("What is no port or no time is refused before anybody is asked")
    func numbers() async throws {
        for arguments in [["--port", "70000"], ["--port", "0"], ["--port", "9001", "--seconds", "0"]] {
            let outcome = try await Command.start(["health"] + arguments).outcome()
            #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
            #expect(
                outcome.errors.contains("Error: \(arguments[arguments.count - 2]) must be from "),
                "\(outcome.errors)"
            )
        }
    }

    @Test("Why nobody answered is said in sentences")
    func words() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "noAddress": HealthProbeError.noAddress(host: "x"),
            "unreachable": HealthProbeError.unreachable(place: "a.example:9001", cause: "Connection refused"),
            "tookTooLong": HealthProbeError.tookTooLong(place: "a.example:9001"),
            "noAnswer": HealthProbeError.noAnswer(place: "a.example:9001"),
        ]
        #expect(
            try Words.complaints(of: samples, type: "HealthProbeError", in: "clip/HealthProbeError.swift")
                == []
        )
    }

    @Test("Answers are read whole, and what is none is none")
    func reading() {
        let answer = HealthProbe.read(Array("HTTP/1.1 503 No\r\nA: b\r\n\r\nno\n".utf8))
        #expect(answer?.status == 503 && answer?.body == "no\n" && answer?.server == nil)
        let named = HealthProbe.read(Array("HTTP/1.1 200 OK\r\nA: b\r\nSERVER:  x y\r\n\r\nServer: z".utf8))
        #expect(named?.server == "x y")
        for text in ["", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{0}\u{1}"] {
            #expect(HealthProbe.read(Array(text.utf8)) == nil, "\(text.debugDescription)")
        }
    }
}
