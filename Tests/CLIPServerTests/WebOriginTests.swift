import CLIPServer
import CLIPTestSupport
import Testing

@Suite("Allowed origins")
struct WebOriginTests {
    private func problems(of origin: String) -> [String] {
        var configuration = ServerConfiguration()
        configuration.allowedOrigins = [origin]
        return configuration.validate()
    }

    @Test(
        "What browsers send as an origin may be allowed",
        arguments: [
            "*", "null", "https://a.example", "http://localhost:3000", "http://127.0.0.1:8080",
            "http://[::1]:9001",
            "http://[::1]", "https://xn--9krt00a.example", "chrome-extension://abcdefghijklmnop",
            "tauri://localhost", "file://",
            "http://a.example:443",
        ]
    )
    func sound(origin: String) {
        #expect(problems(of: origin) == [])
    }

    @Test(
        "What no browser sends is refused, with the origin that is meant",
        arguments: [
            ("https://a.example/", "https://a.example"), ("https://a.example/page?x#y", "https://a.example"),
            ("HTTPS://A.example", "https://a.example"), ("https://a.example:443", "https://a.example"),
            ("http://a.example:80/", "http://a.example"), ("http://a.example:", "http://a.example"),
            ("http://a.example:08080", "http://a.example:8080"), ("http://a.example?x", "http://a.example"),
        ]
    )
    func meant(origin: String, sent: String) {
        #expect(
            problems(of: origin) == [
                "--allow-origins has '\(origin)', which no browser sends; the origin of such a page is \(sent)."
            ]
        )
        #expect(problems(of: sent) == [])
    }

    @Test(
        "What is no origin at all is refused in a sentence",
        arguments: [
            "b.example", "localhost:3000", "//a.example", "https://", "https:///x", "://a.example",
            "1s://a.example",
            "https://*.example", "https://me@a.example", "https://a.example:x", "https://a.example:70000",
            "https://a,b",
            "http://[::1", "http://::1", "https://é.example", "",
        ]
    )
    func unsound(origin: String) {
        let found = problems(of: origin)
        #expect(found.count == 1 && found.allSatisfy { Words.faults(of: $0) == [] }, "\(found)")
        #expect(found.first?.contains("no browser sends") == false)
    }
}
