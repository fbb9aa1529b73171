import CLIPFetching
import Testing

@Suite("Image URL")
struct ImageURLTests {
    @Test(
        "A URL is kept, in ASCII and without its fragment",
        arguments: [
            ("http://example.com", "http://example.com"),
            ("HTTPS://Example.COM/A.png", "https://Example.COM/A.png"),
            ("https://example.com:8443/a?b=c&d=%20#e", "https://example.com:8443/a?b=c&d=%20"),
            ("http://example.com#a@b", "http://example.com"),
            ("http://example.com?a:b@c/d", "http://example.com?a:b@c/d"),
            ("http://example.com/a:b@c", "http://example.com/a:b@c"),
            (
                "https://example.com/사진.png?이름=é",
                "https://example.com/%EC%82%AC%EC%A7%84.png?%EC%9D%B4%EB%A6%84=%C3%A9"
            ),
            ("http://xn--299a1v.example./", "http://xn--299a1v.example./"),
            ("http://my_bucket.s3.example.com/", "http://my_bucket.s3.example.com/"),
            ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
            ("http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]/"),
            ("http://2130706433/", "http://2130706433/"),
        ]
    )
    func kept(given: String, text: String) throws {
        #expect(try ImageURL(given, maxBytes: 200).text == text)
    }

    @Test(
        "A URL that programs read in different ways is refused",
        arguments: [
            ("", .missingScheme), ("//example.com/", .missingScheme), ("/a.png", .missingScheme),
            ("example.com/a.png", .missingScheme), ("1http://example.com/", .missingScheme),
            ("http", .missingScheme), ("h%74tp://example.com/", .missingScheme),
            ("http:example.com", .missingHost), ("http:/example.com", .missingHost),
            ("http://", .missingHost),
            ("http:///example.com/", .missingHost), ("http://:80/", .missingHost),
            ("http://?a", .missingHost),
            ("http://example.com/a b", .forbiddenCharacter), (" http://example.com/", .forbiddenCharacter),
            ("http://example.com/\r\nHost: a", .forbiddenCharacter),
            ("http://example.com/\u{0}", .forbiddenCharacter),
            ("http://example.com/\t", .forbiddenCharacter),
            ("http://example.com\u{7F}/", .forbiddenCharacter),
            (#"http://example.com\@127.0.0.1/"#, .forbiddenCharacter),
            (#"http:\\example.com/"#, .forbiddenCharacter),
            ("http://user@example.com/", .hasCredentials),
            ("http://user:secret@example.com/", .hasCredentials),
            ("http://example.com@127.0.0.1/", .hasCredentials), ("http://@example.com/", .hasCredentials),
            ("http://사진.example/", .hostNotASCII), ("http://exam\u{FF0E}ple.com/", .hostNotASCII),
            ("http://127.0.0.\u{2460}/", .hostNotASCII),
            ("http://exa%6Dple.com/", .invalidHost), ("http://a..b/", .invalidHost),
            ("http://.a/", .invalidHost),
            ("http://./", .invalidHost), ("http://a,b/", .invalidHost), ("http://[::1/", .invalidHost),
            ("http://[]/", .invalidHost), ("http://[127.0.0.1]/", .invalidHost),
            ("http://[fe80::1%25eth0]/", .invalidHost),
            ("http://[::1]]/", .invalidPort), ("http://[::1]a/", .invalidPort),
            ("http://a:/", .invalidPort), ("http://a:0/", .invalidPort), ("http://a:65536/", .invalidPort),
            ("http://a:-1/", .invalidPort), ("http://a:+80/", .invalidPort),
            ("http://a:80:80/", .invalidPort),
            ("http://a:000080/", .invalidPort),
        ] as [(String, URLDefect)]
    )
    func refused(given: String, defect: URLDefect) {
        #expect(throws: FetchingError.invalidURL(defect)) { try ImageURL(given, maxBytes: 200) }
    }

    @Test("A host longer than a name can be is refused")
    func longHost() throws {
        let name = String(repeating: "a.", count: 127) + "a"
        #expect(try ImageURL("http://\(name)/", maxBytes: 1000).text == "http://\(name)/")
        #expect(throws: FetchingError.invalidURL(.invalidHost)) {
            try ImageURL("http://\(name)a/", maxBytes: 1000)
        }
    }

    @Test("Length is counted in bytes, and the limit itself is allowed")
    func length() throws {
        #expect(throws: Never.self) { try ImageURL("http://a/é", maxBytes: 11) }
        #expect(throws: FetchingError.invalidURL(.tooLong(limit: 10))) {
            try ImageURL("http://a/é", maxBytes: 10)
        }
    }

    @Test(
        "Another scheme is refused by its name",
        arguments: [
            ("file:///etc/passwd", "file"), ("FTP://example.com/", "ftp"),
            ("gopher://example.com/", "gopher"),
            ("data:image/png;base64,AAAA", "data"), ("javascript:alert(1)", "javascript"),
            ("https+unix://a/", "https+unix"),
        ]
    )
    func schemes(given: String, scheme: String) {
        #expect(throws: FetchingError.schemeNotAllowed(scheme)) { try ImageURL(given, maxBytes: 200) }
    }

    @Test("A scheme of any length is named in at most 32 characters")
    func longScheme() {
        let scheme = String(repeating: "a", count: 100)
        #expect(throws: FetchingError.schemeNotAllowed(String(scheme.prefix(32)))) {
            try ImageURL(scheme + "://a/", maxBytes: 200)
        }
    }
}
