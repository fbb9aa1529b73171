import CLIPEngine
import CLIPServer
import CLIPTestSupport
import CoreMetrics
import Foundation
import Testing

@Suite("What /metrics tells", .timeLimit(.minutes(3)))
struct MetricsTests {
    /// The samples of a scrape, by name and labels as they stand there.
    private static func samples(_ text: String) -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<blank])] = Double(line[line.index(after: blank)...])
        }
        return samples
    }

    private static func scrape(_ server: LiveServer) async throws -> [String: Double] {
        samples(try await server.request("GET", "/metrics").text)
    }

    @Test("Counters equal the requests that were sent at once, by route, method and status")
    func exact() async throws {
        try await LiveServer.with { server in
            let ways: [(String, String, [UInt8]?, String)] = [
                (
                    "POST", "/clip/embed_text", Array(#"{"text":"a cat"}"#.utf8),
                    #"route="/clip/embed_text",method="POST",status="200""#
                ),
                (
                    "POST", "/clip/embed_text", Array("{".utf8),
                    #"route="/clip/embed_text",method="POST",status="422""#
                ),
                ("GET", "/clip/embed_text", nil, #"route="/clip/embed_text",method="GET",status="405""#),
                ("GET", "/healthz", nil, #"route="/healthz",method="GET",status="200""#),
                ("GET", "/nowhere/of/a/stranger", nil, #"route="unknown",method="GET",status="404""#),
                ("GET", "/nowhere/else", nil, #"route="unknown",method="GET",status="404""#),
                ("BREW", "/info", nil, #"route="/info",method="other",status="405""#),
                ("OPTIONS", "/info", nil, #"route="/info",method="OPTIONS",status="200""#),
            ]
            let rounds = 25
            await withTaskGroup(of: Void.self) { group in
                for round in 0..<rounds {
                    for (method, path, body, _) in ways {
                        group.addTask {
                            let fields =
                                method == "OPTIONS"
                                ? [("Origin", "https://a"), ("Access-Control-Request-Method", "GET")]
                                : [("X-Request-ID", "r\(round)"), ("Content-Type", "application/json")]
                            _ = try? await server.request(method, path, body: body, fields: fields)
                        }
                    }
                }
            }
            let samples = try await Self.scrape(server)
            var expected: [String: Double] = [:]
            for way in ways { expected["clip_http_requests_total{\(way.3)}", default: 0] += Double(rounds) }
            #expect(samples.filter { $0.key.hasPrefix("clip_http_requests_total") } == expected)
            let durations = samples.filter { $0.key.hasPrefix("clip_http_request_duration_seconds_count") }
            #expect(durations.values.reduce(0, +) == Double(rounds * ways.count))
            #expect(
                samples[#"clip_http_request_duration_seconds_count{route="unknown"}"#] == Double(2 * rounds)
            )
            // An answer has been read before its sender notes that it has left.
            try await eventually {
                let written = try await Self.scrape(server)[
                    #"clip_stage_duration_seconds_count{stage="write"}"#
                ]
                return written.map { $0 >= Double(rounds * ways.count) } == true
            }
            #expect(
                samples[#"clip_stage_duration_seconds_count{stage="tokenize"}"#] == nil,
                "the engine has no backend"
            )
            #expect(samples["clip_http_request_body_bytes_total"] == Double(rounds * 17))
            #expect(samples["clip_http_requests_in_flight"] == 1)
        }
    }

    @Test("Every name is described, and every description is asked for or counted")
    func names() async throws {
        let metrics = PrometheusMetrics()
        try await LiveServer.with(engine: { $0.metrics = metrics }, metrics: metrics) { server in
            _ = try await server.request("GET", "/healthz")
            let text = try await server.request("GET", "/metrics").text
            let helped = text.matches(of: /# HELP (\S+) (.+)\n# TYPE (\S+) (\S+)\n/)
            #expect(helped.allSatisfy { $0.1 == $0.3 } && Set(helped.map(\.1)).count == helped.count)
            let described = Dictionary(
                uniqueKeysWithValues: Operations.metricDescriptions.map { ($0.name, $0) }
            )
            for family in helped {
                let description = try #require(described[String(family.1)], "\(family.1) has no description")
                #expect(description.help == String(family.2) && description.kind.rawValue == String(family.4))
            }
            #if os(Linux)
            let missing = Set(described.keys).subtracting(helped.map { String($0.1) })
            #expect(missing == ["clip_model_memory_limit_bytes"])
            #endif
            let samples = Self.samples(text)
            #expect(samples["clip_models_loaded"] == 2 && samples["clip_ready"] == 1)
            #expect(samples[#"clip_build_info{version="1.2.3"}"#] == 1)
            #expect(samples[#"clip_model_loads_total{outcome="loaded"}"#] == 2)
            #expect(samples[#"clip_http_connections{listener="requests"}"#] == 1)
        }
    }

    @Test("A document has every metric with its kind, its labels and what it tells, and no other")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "Documentation/Operations.md"),
            encoding: .utf8
        )
        let rows = text.matches(of: /\| `((?:clip|process)_[a-z_]+)`(?: \{([a-z, ]+)\})? \| (\w+) \| (.+) \|/)
            .map { "\($0.1) {\($0.2 ?? "")} \($0.3) \($0.4)" }
        let described = Operations.metricDescriptions.map { metric in
            "\(metric.name) {\(metric.labels.joined(separator: ", "))} \(metric.kind.rawValue) \(metric.help)"
        }
        #expect(rows == described)
    }

    @Test("Bodies, keys and doors that turn requests away are counted by the reason")
    func rejections() async throws {
        try await LiveServer.with {
            $0.apiKeys = ["a-key-for-tests"]
            $0.maxBodyBytes = 100
        } _: { server in
            let key = [("Authorization", "Bearer a-key-for-tests")]
            #expect(try await server.request("GET", "/metrics").status == 401)
            #expect(try await server.request("GET", "/info?api_key=another").status == 401)
            let long = [UInt8](repeating: 0x20, count: 200)
            #expect(
                try await server.request("POST", "/clip/embed_text", body: long, fields: key).status == 413
            )
            let other = try await server.request(
                "POST",
                "/model/clear",
                fields: key + [("Origin", "https://a")]
            )
            #expect(other.status == 403)
            let samples = Self.samples(try await server.request("GET", "/metrics", fields: key).text)
            #expect(samples[#"clip_rejected_total{reason="unauthorized"}"#] == 2)
            #expect(samples[#"clip_rejected_total{reason="body_too_large"}"#] == 1)
            #expect(samples[#"clip_rejected_total{reason="not_allowed"}"#] == 1)
            #expect(samples[#"clip_rejected_total{reason="too_late"}"#] == 0)
        }
    }

    @Test("Bytes of bodies are counted as they come and as they leave, whatever becomes of their requests")
    func bytes() async throws {
        let metrics = PrometheusMetrics()
        try await LiveServer.with(configure: { $0.maxBodyBytes = 100 }, metrics: metrics) { server in
            func count(_ name: String) -> Double? {
                Self.samples(metrics.text)["clip_http_\(name)_body_bytes_total"]
            }
            // Passed over, where none is wanted.
            _ = try await server.request("GET", "/healthz", body: Array("nobody reads this".utf8))
            #expect(count("request") == 17)
            // Refused in the middle, where no length was announced.
            try await server.connected { connection in
                try connection.send(
                    "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                let chunk = "3c\r\n" + String(repeating: " ", count: 60) + "\r\n"
                try connection.send(chunk + chunk)
                #expect(try connection.answer().status == 413)
            }
            #expect(count("request") == 137)
            let before = try #require(count("response"))
            let document = try await server.request("GET", "/openapi.json")
            let tag = try #require(document.fields["etag"])
            let kept = try await server.request("GET", "/openapi.json", fields: [("If-None-Match", tag)])
            #expect(kept.status == 304)
            _ = try await server.request("HEAD", "/openapi.json")
            #expect(count("response") == before + Double(document.body.count))
        }
    }

    @Test("Labels that were known, and sets that are kept, are told")
    func labels() async throws {
        try await LiveServer.with { server in
            for _ in 0..<3 {
                let answer = try await server.post("/classify", #"{"text":"a","labels":["cat","dog"]}"#)
                #expect(answer.status == 200)
            }
            let samples = try await Self.scrape(server)
            #expect(samples["clip_label_cache_hits_total"] == 2)
            #expect(samples["clip_label_cache_misses_total"] == 1)
            #expect(samples["clip_label_cache_shared_total"] == 0)
            #expect(samples["clip_label_cache_entries"] == 1)
            #expect(samples["clip_label_cache_bytes"].map { $0 > 0 } == true)
        }
    }

    @Test("The alerts and the dashboard look at the routes of all shapes that compute, and at no others")
    func deployed() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let computing = RouteTable.all.filter { $0.wantsBody && [.use, .pictures].contains($0.purpose) }.map(
            \.path
        )
        for (file, count) in [("prometheus/alerts.yaml", 1), ("grafana/dashboard.json", 3)] {
            let text = try String(contentsOf: root.appending(path: "Deploy/\(file)"), encoding: .utf8)
            let expressions = text.matches(of: /\broute(!?=~?)\\?"([^"\\]*)\\?"/)
            #expect(expressions.count == count, "\(file)")
            for expression in expressions {
                #expect(expression.1 == "=~", "\(file)")
                let routes = try Regex(String(expression.2))
                #expect(RouteTable.all.map(\.path).filter { $0.wholeMatch(of: routes) != nil } == computing)
            }
        }
    }

    @Test("What is no request at all is counted as one word")
    func malformed() async throws {
        try await LiveServer.with { server in
            try await server.connected { connection in
                try connection.send("what is this\r\n\r\n")
                #expect(try connection.answer().status == 400)
            }
            let samples = try await Self.scrape(server)
            #expect(samples[#"clip_http_requests_total{route="malformed",method="none",status="400"}"#] == 1)
        }
    }

    @Test("Metrics have a port of their own, open to all, that answers nothing else")
    func port() async throws {
        let log = LogLines()
        try await LiveServer.with(
            configure: {
                $0.metricsPort = 0
                $0.apiKeys = ["a-key-for-tests"]
            },
            log: log
        ) { server in
            try await eventually { log.all.contains { $0.text.hasPrefix("metrics are served on ") } }
            let line = try #require(log.all.first { $0.text.hasPrefix("metrics are served on ") }).text
            let port = try #require(line.firstMatch(of: /:(\d+)\/metrics$/).flatMap { Int($0.1) })
            let answers = try await Loopback.onThread {
                try ["/metrics", "/info", "/healthz", "/clip/embed_text"].map { path in
                    let connection = try HTTPConnection(port: port)
                    try connection.send("GET", path)
                    return try connection.answer()
                }
            }
            #expect(answers.map(\.status) == [200, 404, 404, 405])
            #expect(answers[0].fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(Self.samples(answers[0].text)["clip_models_loaded"] == 2)
            #expect(try await server.request("GET", "/metrics").status == 401)
        }
    }

    @Test("Ports that are the same are refused by their flags")
    func samePorts() {
        var configuration = ServerConfiguration()
        (configuration.port, configuration.healthPort, configuration.metricsPort) = (9001, 9002, 9002)
        #expect(
            configuration.validate() == [
                "--metrics-port must be another than --health-port, which is 9002, too."
            ]
        )
        configuration.metricsPort = 9001
        #expect(
            configuration.validate() == ["--metrics-port must be another than --port, which is 9001, too."]
        )
        configuration.metricsPort = 70_000
        #expect(configuration.validate() == ["--metrics-port must be from 0 to 65535, not 70000."])
    }
}

@Suite("The text that Prometheus reads")
struct PrometheusTextTests {
    private func text(_ metrics: PrometheusMetrics) -> String { metrics.text }

    @Test("Histograms are cumulative up to +Inf, with sum and count")
    func histogram() {
        let metrics = PrometheusMetrics()
        let recorder = metrics.makeRecorder(label: "items", dimensions: [("kind", "a")], aggregate: true)
        for value in [Int64(1), 2, 3, 1000] { recorder.record(value) }
        let lines = text(metrics).split(separator: "\n").map(String.init)
        #expect(lines.contains(#"items_bucket{kind="a",le="1"} 1"#))
        #expect(lines.contains(#"items_bucket{kind="a",le="2"} 2"#))
        #expect(lines.contains(#"items_bucket{kind="a",le="4"} 3"#))
        #expect(lines.contains(#"items_bucket{kind="a",le="512"} 3"#))
        #expect(lines.contains(#"items_bucket{kind="a",le="+Inf"} 4"#))
        #expect(lines.contains(#"items_sum{kind="a"} 1006"#) && lines.contains(#"items_count{kind="a"} 4"#))
    }

    @Test("A time goes into the bucket whose bound it does not exceed, in seconds")
    func timer() {
        let metrics = PrometheusMetrics()
        let timer = metrics.makeTimer(label: "t_seconds", dimensions: [])
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(1_000_001)
        let lines = text(metrics).split(separator: "\n").map(String.init)
        #expect(lines.contains(#"t_seconds_bucket{le="0.001"} 1"#))
        #expect(lines.contains(#"t_seconds_bucket{le="0.0025"} 2"#))
        #expect(lines.contains("t_seconds_count 2"))
    }

    @Test("Labels and names that Prometheus would not take are made such that it does")
    func escapes() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "my.app/hits", dimensions: [("a-b", "x\"\\\ny"), ("le", "1")])
            .increment(by: 2)
        #expect(text(metrics).contains(#"my_app_hits{a_b="x\"\\\ny",le_="1"} 2"# + "\n"))
        metrics.makeCounter(label: "9", dimensions: []).increment(by: 1)
        #expect(text(metrics).contains("\n_9 1\n"))
    }

    @Test(
        "The same labels have the same series; a name of another kind counts nothing; what is destroyed is gone"
    )
    func identity() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "c", dimensions: [("k", "v")]).increment(by: 1)
        let second = metrics.makeCounter(label: "c", dimensions: [("k", "v")])
        second.increment(by: 2)
        #expect(text(metrics).contains(#"c{k="v"} 3"#))
        metrics.makeTimer(label: "c", dimensions: []).recordNanoseconds(1)
        #expect(!text(metrics).contains("c_bucket"))
        metrics.destroyCounter(second)
        #expect(text(metrics) == "")
    }

    @Test("Gauges go up and down, and numbers are written as Go reads them")
    func gauges() {
        let metrics = PrometheusMetrics()
        let gauge = metrics.makeMeter(label: "g", dimensions: [])
        gauge.set(2.5 as Double)
        gauge.increment(by: 1)
        gauge.decrement(by: 3)
        #expect(text(metrics).contains("\ng 0.5\n"))
        for (value, words) in [
            (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e-7, "1e-07"), (3, "3"),
        ] {
            gauge.set(value)
            #expect(text(metrics).contains("\ng \(words)\n"))
        }
        metrics.makeRecorder(label: "r", dimensions: [], aggregate: false).record(4 as Int64)
        #expect(text(metrics).contains("\nr 4\n"))
    }

    @Test("A program's own counters are exact, whoever counts")
    func concurrent() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<5000 {
                        metrics.makeCounter(label: "c", dimensions: [("n", "\(number % 3)")]).increment(by: 1)
                        metrics.makeTimer(label: "t", dimensions: []).recordNanoseconds(Int64(number))
                    }
                }
            }
        }
        let lines = text(metrics)
        #expect(lines.contains("t_count 40000\n"))
        #expect(lines.contains("c{n=\"0\"} 13336\n") && lines.contains("c{n=\"2\"} 13328\n"))
    }
}

#if os(Linux)
@Suite("What the system says of the process")
struct ProcessFiguresTests {
    @Test("A program's name may have blanks and parentheses")
    func line() throws {
        let stat =
            "7 (a ) b (c) R 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 4 0 1000 8192 3 18446744073709551615 0 0"
        let figures = try #require(ProcessFigures(stat: stat))
        #expect(figures.virtualBytes == 8192 && figures.residentBytes == 3 * sysconf(Int32(_SC_PAGESIZE)))
        #expect(figures.processorSeconds == 200 / Double(sysconf(Int32(_SC_CLK_TCK))))
        #expect(ProcessFigures(stat: "7 (a) R 1 7") == nil && ProcessFigures(stat: "") == nil)
    }

    @Test("This process has memory, a start in the past and open files")
    func now() throws {
        let figures = try #require(ProcessFigures.now())
        #expect(figures.residentBytes > 1 << 20 && figures.virtualBytes >= figures.residentBytes)
        let start = try #require(figures.startTime)
        let age = Date().timeIntervalSince1970 - start
        #expect((-1.0...86_400).contains(age))
        let (open, most) = (try #require(figures.openDescriptors), try #require(figures.mostDescriptors))
        #expect(open >= 3 && open <= most)
    }
}
#endif
