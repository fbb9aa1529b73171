import CLIPServer
import Testing

@Suite("traceparent")
struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(
        "A valid one is taken, of later versions, too",
        arguments: [
            "00-\(trace)-\(span)-01", "00-\(trace)-\(span)-00", "01-\(trace)-\(span)-01-what-may-come",
            "fe-\(trace)-\(span)-ff",
        ]
    )
    func valid(text: String) throws {
        let parent = try #require(TraceParent([text]))
        #expect(parent.trace == Self.trace && parent.span == Self.span)
    }

    // Those of W3C's own test suite among them.
    @Test(
        "What is none is passed over",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-more",
            "ff-\(trace)-\(span)-01", "01-\(trace)-\(span)-01more", "0-\(trace)-\(span)-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(String(repeating: "0", count: 32))-\(span)-01",
            "00-\(trace)-0000000000000000-01", "00-\(trace)-\(span)-0g", "00-\(trace)-\(span)-0",
            ".0-\(trace)-\(span)-01", "00-\(trace.dropLast()).-\(span)-01", "00_\(trace)_\(span)_01",
            "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01", "00-\(trace)\u{E9}-\(span)-01",
        ]
    )
    func invalid(text: String) {
        #expect(TraceParent([text]) == nil)
    }

    @Test("Several are as good as none, and a log line has what was valid")
    func lines() async throws {
        let one = "00-\(Self.trace)-\(Self.span)-01"
        #expect(TraceParent([]) == nil && TraceParent([one, one]) == nil)
        let log = LogLines()
        try await LiveServer.with(log: log) { server in
            for (id, value) in [("mine", one), ("bad", "00-zz"), ("none", nil)] {
                let fields = [("X-Request-ID", id)] + (value.map { [("traceparent", $0)] } ?? [])
                let answer = try await server.request("GET", "/nowhere", fields: fields)
                #expect(answer.status == 404)
            }
        }
        let mine = try #require(log.of(request: "mine").first)
        #expect(mine.metadata["trace"] == Self.trace && mine.metadata["span"] == Self.span)
        for id in ["bad", "none"] {
            let line = try #require(log.of(request: id).first)
            #expect(line.metadata["trace"] == nil && line.metadata["span"] == nil)
        }
    }
}
