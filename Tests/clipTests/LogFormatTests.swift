import CLIPTestSupport
import Foundation
import Logging
import Synchronization
import Testing
import clip

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("The log as JSON", .timeLimit(.minutes(3)))
struct LogFormatTests {
    private static func object(_ line: some StringProtocol) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(value as? [String: Any], "\(line)")
    }

    @Test("A line is one object, whatever its message and metadata are")
    func hostile() throws {
        let lines = Mutex<[String]>([])
        let stream = LogStream { line in lines.withLock { $0.append(line) } }
        var logger = Logger(label: "test") { _ in JSONLogHandler(stream) }
        logger[metadataKey: "own"] = "kept"
        let nasty = [
            "\"}, {\"level\":\"", "line\nbreak\r\n", "\u{0}\u{1B}[31m\u{7F}\u{2028}", "\\", "한글 🐈",
            "\u{FFFD}",
        ]
        for text in nasty {
            logger.error(
                "\(text)",
                metadata: [
                    "cause": "\(text)", "\(text)": "name", "status": .stringConvertible(404),
                    "ms": .stringConvertible(1.5),
                    "nan": .stringConvertible(Double.nan), "flag": .stringConvertible(true), "level": "mine",
                    "list": .array(["\(text)", .stringConvertible(2)]),
                    "inner": .dictionary(["deep": "\(text)"]),
                ]
            )
        }
        let written = lines.withLock { $0 }
        #expect(written.count == nasty.count)
        for (line, text) in zip(written, nasty) {
            #expect(line.hasSuffix("}\n") && line.dropLast().allSatisfy { !$0.isNewline })
            let object = try Self.object(line)
            #expect(object["message"] as? String == text && object["cause"] as? String == text)
            #expect(object[text] as? String == "name" && object["inner.deep"] as? String == text)
            #expect(object["level"] as? String == "error" && object["level_"] as? String == "mine")
            #expect(object["status"] as? Int == 404 && object["ms"] as? Double == 1.5)
            #expect(object["nan"] is NSNull && object["flag"] as? Bool == true)
            #expect(object["own"] as? String == "kept")
            #expect((object["list"] as? [Any])?.first as? String == text)
            let time = try #require(object["time"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        }
    }

    @Test("Times are UTC, with milliseconds")
    func times() {
        #expect(JSONLogHandler.text(second: 0, millisecond: 0) == "1970-01-01T00:00:00.000Z")
        #expect(JSONLogHandler.text(second: 1_709_164_799, millisecond: 42) == "2024-02-28T23:59:59.042Z")
        #expect(JSONLogHandler.text(second: 1_709_164_800, millisecond: 999) == "2024-02-29T00:00:00.999Z")
    }

    @Test("Every line of a server is an object, of refused requests, too", arguments: [true, false])
    func server(byFlag: Bool) async throws {
        let (running, port) = try await Command.servingJSON(byFlag: byFlag)
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/%22%0A%7B?api_key=%22"))
        var request = URLRequest(url: url)
        request.setValue(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            forHTTPHeaderField: "traceparent"
        )
        _ = try? await URLSession.shared.data(for: request)
        running.process.terminate()
        let outcome = await running.outcome()
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count >= 4)
        let objects = try lines.map { try Self.object($0) }
        #expect(
            objects.allSatisfy { $0["time"] is String && $0["level"] is String && $0["message"] is String }
        )
        let ready = try #require(
            objects.first { ($0["message"] as? String)?.hasSuffix("is ready") == true }
        )
        #expect(ready["default"] as? Bool == true && ready["packed_copy"] is Bool)
        for name in ["embedding_width", "image_size", "bytes"] {
            #expect((ready[name] as? Int).map { $0 > 0 } == true, "\(name): \(ready)")
        }
        #expect(ready["load_ms"] is Int && ready["precision"] is String)
        let refused = try #require(objects.first { $0["status"] as? Int == 404 })
        #expect(refused["trace"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(refused["span"] as? String == "00f067aa0ba902b7")
    }

    @Test(
        "So is what is wrong with the command line, by flag or variable",
        arguments: [
            (["--log-format", "json"], "", true), (["--log-format=json"], "text", true), ([], "json", true),
            (["--log-format", "text"], "json", false), ([], "", false),
        ]
    )
    func usage(arguments: [String], variable: String, isJSON: Bool) async throws {
        let outcome = try await Command.start(
            ["serve", "--nosuch"] + arguments,
            environment: ["CLIP_LOG_FORMAT": variable]
        ).outcome()
        #expect(outcome.status == 64)
        let lines = outcome.errors.split(separator: "\n")
        guard isJSON else {
            #expect(
                lines.first == "Error: Unknown option '--nosuch'" && lines.count == 3,
                "\(outcome.errors)"
            )
            return
        }
        #expect(lines.count == 1, "\(outcome.errors)")
        let object = try Self.object(try #require(lines.first))
        #expect(object["level"] as? String == "critical")
        #expect(object["message"] as? String == "Unknown option '--nosuch'")
    }

    @Test("A model that cannot be loaded is told once, as text and as JSON", arguments: ["text", "json"])
    func failedLoad(format: String) async throws {
        let outcome = try await Command.run(
            "serve",
            "--log-format",
            format,
            "--port",
            "0",
            "--model",
            "a=/nowhere"
        )
        #expect(outcome.status == 66)
        let told = outcome.errors.split(separator: "\n").filter { $0.contains("Model 'a' cannot be loaded") }
        #expect(told.count == 1, "\(outcome.errors)")
        if format == "json" {
            #expect(try Self.object(try #require(told.first))["level"] as? String == "critical")
        } else {
            #expect(told.first?.hasPrefix("Error: ") == true)
        }
    }

    @Test("A model that may not be fetched is told as JSON, too")
    func offline() async throws {
        let outcome = try await Command.run(
            "serve",
            "--log-format",
            "json",
            "--offline",
            "--port",
            "0",
            "--model",
            "acme/none"
        )
        #expect(outcome.status == 69)
        let objects = try outcome.errors.split(separator: "\n").map { try Self.object($0) }
        #expect(objects.last?["level"] as? String == "critical")
    }

    @Test("So is why a server does not start")
    func refusal() async throws {
        let outcome = try await Command.run(
            "serve",
            "--log-format",
            "json",
            "--max-batch",
            "0",
            "--port",
            "70000"
        )
        #expect(outcome.status == 78)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1)
        let object = try Self.object(try #require(lines.first))
        let message = try #require(object["message"] as? String)
        #expect(object["level"] as? String == "critical")
        #expect(message.contains("--max-batch") && message.contains("--port"))
    }
}

extension Command {
    /// A server whose log is JSON, once it says where it listens.
    static func servingJSON(byFlag: Bool) async throws -> (Running, Int) {
        let variables = ["PORT": "0", "HOST": "127.0.0.1"]
        let running = try start(
            ["serve"] + (byFlag ? ["--log-format", "json"] : []),
            environment: byFlag ? variables : variables.merging(["CLIP_LOG_FORMAT": "json"]) { $1 }
        )
        try await eventually(within: .seconds(60)) { running.errors.contains("is ready") }
        let match = try #require(running.errors.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:(\d+)/))
        return (running, try #require(Int(match.1)))
    }
}
