import CLIPHub
import Foundation
import Testing

@Suite("What a hub's answer says")
struct AnswerTests {
    private func fields(_ lines: String...) -> AnswerFields {
        var fields = AnswerFields()
        for line in ["HTTP/1.1 200 OK"] + lines {
            _ = Array((line + "\r\n").utf8).withUnsafeBytes { fields.read($0) }
        }
        return fields
    }

    @Test("A tag is taken out of its quotes, the linked file's first")
    func tag() {
        #expect(fields("ETag: \"abc\"").tag == "abc")
        #expect(fields("etag: W/\"abc\"").tag == "abc")
        #expect(fields("ETag: \"abc-gzip\"").tag == "abc")
        #expect(fields("ETag: \"own\"", "X-Linked-Etag: \"linked\"").tag == "linked")
        #expect(fields("ETag:").tag == nil)
    }

    @Test(
        "A tag that would be another path of the cache is none",
        arguments: ["../../x", "a/b", ".hidden", "a b", "\u{1}", String(repeating: "a", count: 201)]
    )
    func hostileTag(text: String) {
        #expect(fields("ETag: \"\(text)\"").tag == nil)
    }

    @Test("A file's size is the linked one's, and not that of a redirect's or a packed body")
    func size() {
        #expect(fields("Content-Length: 5").fileSize(isRedirect: false) == 5)
        #expect(fields("Content-Length: 5").fileSize(isRedirect: true) == nil)
        #expect(fields("Content-Length: 5", "X-Linked-Size: 7").fileSize(isRedirect: true) == 7)
        #expect(fields("Content-Length: 5", "Content-Encoding: gzip").fileSize(isRedirect: false) == nil)
        #expect(fields("Content-Length: -5").fileSize(isRedirect: false) == nil)
        #expect(fields("X-Linked-Size: 99999999999999999999").fileSize(isRedirect: false) == nil)
    }

    @Test("A range says where it begins and how long the whole is")
    func range() {
        #expect(fields("Content-Range: bytes 5-9/10").range?.start == 5)
        #expect(fields("Content-Range: bytes 5-9/10").range?.total == 10)
        #expect(fields("Content-Range: bytes 5-9/*").range?.total == nil)
        #expect(fields("Content-Range: bytes */10").range == nil)
        #expect(fields("Content-Range: items 5-9/10").range == nil)
    }

    @Test("A pause of more seconds than anybody means, and a range before its file, are no such thing")
    func absurd() {
        for seconds in ["9223372036854775807", "1000000000", "-1", "99999999999999999999"] {
            let fields = fields("RateLimit: \"api\";r=0;t=\(seconds)", "Retry-After: \(seconds)")
            #expect(fields.pause() == nil, "\(seconds)")
        }
        #expect(fields("RateLimit: \"api\";r=0;t=999999999").pause() == .seconds(1_000_000_000))
        #expect(fields("Content-Range: bytes 5-9/-10").range?.total == nil)
        #expect(fields("Content-Range: bytes +5-9/10").range == nil)
        #expect(fields("Content-Range: bytes 99999999999999999999-9/10").range == nil)
    }

    @Test("How long to wait is in RateLimit, or in Retry-After in seconds or as a date")
    func pause() {
        #expect(fields("RateLimit: \"api\";r=0;t=55", "Retry-After: 3").pause() == .seconds(56))
        #expect(fields("RateLimit: \"api\";r=12;t=55", "Retry-After: 3").pause() == .seconds(3))
        #expect(fields("Retry-After: 1.5").pause() == .milliseconds(1500))
        let now = Date(timeIntervalSince1970: 1_445_412_470)
        #expect(fields("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT").pause(now: now) == .seconds(10))
        #expect(fields("Retry-After: soon").pause() == nil)
        #expect(fields("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT").pause(now: now) == nil)
        #expect(fields("Retry-After: Wed, 21 Oct 1970 07:28:00 GMT").pause(now: now) == .zero)
        #expect(fields().pause() == nil)
    }

    @Test("A header of an answer before does not count, and one without end ends")
    func headers() {
        var fields = fields("ETag: \"old\"")
        _ = Array("HTTP/1.1 200 OK\r\n".utf8).withUnsafeBytes { fields.read($0) }
        #expect(fields.tag == nil)
        let line = Array(("X: " + String(repeating: "y", count: 10_000) + "\r\n").utf8)
        #expect((0..<100).contains { _ in !line.withUnsafeBytes { fields.read($0) } })
    }

    @Test("An address is http or https, without a user")
    func addresses() {
        #expect(HubAddress("https://huggingface.co/x")?.host == "huggingface.co")
        #expect(HubAddress("http://[::1]:80/x")?.host == "[::1]")
        for text in [
            "ftp://x", "https://", "https://user:word@x/", "x", "https://a b/", "file:///etc/passwd",
            "https://ü/", "https://huggingface.co\\@other.example/x", "https:\\\\huggingface.co/x",
        ] {
            #expect(HubAddress(text) == nil, "\(text)")
        }
        let one = HubAddress("https://Hub.example/a"), other = HubAddress("https://hub.example:443/b")
        #expect(other.map { one?.hasOrigin(of: $0) == true } == true)
        let insecure = HubAddress("http://hub.example/b")
        #expect(insecure.map { one?.hasOrigin(of: $0) == false } == true)
    }

    @Test("A redirect leads from where it was sent")
    func redirects() {
        let address = HubAddress("https://hub.example/a/b?c=d")
        #expect(address?.following("/x?y")?.text == "https://hub.example/x?y")
        #expect(address?.following("x")?.text == "https://hub.example/a/x")
        #expect(address?.following("//other/x")?.text == "https://other/x")
        #expect(address?.following("http://other/x")?.text == "http://other/x")
        #expect(address?.following("javascript:alert(1)") == nil)
        #expect(address?.following("https://hub.example\\@other.example/x") == nil)
        #expect(HubAddress.isRelative("/x:y") && HubAddress.isRelative("x/y:z"))
        for text in ["//x", "/\\x", "https://x", "mailto:x"] {
            #expect(!HubAddress.isRelative(text), "\(text)")
        }
    }

    @Test("Tries end after five failures without a byte, sooner where there is no network")
    func retries() {
        var rule = RetryRule(unit: .seconds(1))
        let pauses = (0..<6).map { _ in rule.pause(after: .status(503, pause: nil)) }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(8), nil])
        rule.progressed()
        #expect(rule.pause(after: .fault(.lost)) == .seconds(1))
        #expect(rule.pause(after: .status(429, pause: .seconds(40))) == .seconds(40))
        #expect(rule.pause(after: .status(429, pause: .seconds(4000))) == nil)
        rule.progressed()
        #expect(
            (0..<3).map { _ in rule.pause(after: .fault(.hostNotFound)) } == [.seconds(1), .seconds(2), nil]
        )
        rule.progressed()
        #expect(rule.pause(after: .fault(.certificate)) == nil)
        var hasty = RetryRule(unit: .seconds(1), longestPause: .seconds(5))
        #expect(hasty.pause(after: .status(429, pause: .seconds(5))) == .seconds(5))
        #expect(hasty.pause(after: .status(429, pause: .seconds(6))) == nil)
    }

    @Test("Digests are those of the standards")
    func digests() throws {
        // FIPS 180-4's samples, and git's blob of "hello\n".
        let sha256 = try Digest(.sha256)
        sha256.add("ab")
        sha256.add("c")
        #expect(sha256.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SmallHub.gitSHA1(Array("hello\n".utf8)) == "ce013625030ba8dba906f756967f9e9ca394464a")
    }
}
