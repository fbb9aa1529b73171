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
            ("http://example.com/my photo.png?a b#c d", "http://example.com/my%20photo.png?a%20b"),
            (
                #"http://example.com/"<>\^`{|}[]~!$&'()*+,;=:@"#,
                "http://example.com/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D~!$&'()*+,;=:@"
            ),
            ("http://example.com/100% a%20b", "http://example.com/100%25%20a%2520b"),
            ("http://example.com/a%20b?%zz", "http://example.com/a%20b?%25zz"),
            ("http://example.com/%", "http://example.com/%25"),
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
            ("http://example.com/a ", .forbiddenCharacter), ("http://exam ple.com/", .forbiddenCharacter),
            ("http://example.com :80/", .forbiddenCharacter), ("http:// example.com/", .forbiddenCharacter),
            (" http://example.com/", .forbiddenCharacter),
            ("http://example.com/\r\nHost: a", .forbiddenCharacter),
            ("http://example.com/\u{0}", .forbiddenCharacter),
            ("http://example.com/\t", .forbiddenCharacter),
            ("http://example.com\u{7F}/", .forbiddenCharacter),
            (#"http://example.com\@127.0.0.1/"#, .forbiddenCharacter),
            (#"http:\\example.com/"#, .forbiddenCharacter),
            ("http://user@example.com/", .hasCredentials),
            ("http://user:secret@example.com/", .hasCredentials),
            ("http://example.com@127.0.0.1/", .hasCredentials), ("http://@example.com/", .hasCredentials),
            ("http://\u{200B}/", .invalidHost), ("http://-\u{E000}-/", .hostNotASCII),
            ("http://a\u{FF0F}b/", .invalidHost),
            ("http://a\u{FF20}b/", .invalidHost),
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

    #if os(Linux)
    @Test(
        "An international host is sent in its ASCII form",
        arguments: [
            ("http://예시.한국/사진", "http://xn--vv4b11d.xn--3e0b707e/%EC%82%AC%EC%A7%84"),
            ("http://Bücher.example:81/", "http://xn--bcher-kva.example:81/"),
            ("http://faß.example/", "http://xn--fa-hia.example/"),
            ("http://exam\u{FF0E}ple.com/", "http://exam.ple.com/"),
            ("http://127.0.0.\u{2460}/", "http://127.0.0.1/"),
        ]
    )
    func international(given: String, text: String) throws {
        #expect(try ImageURL(given, maxBytes: 200).text == text)
    }
    #endif

    @Test(
        "Spellings of one host are one host",
        arguments: [
            ("example.com", "EXAMPLE.com."), ("127.0.0.1", "2130706433"), ("127.0.0.1", "0x7f.1"),
            ("127.0.0.1", "[::ffff:127.0.0.1]"), ("[::1]", "[0:0::1]"),
        ]
    )
    func hosts(one: String, other: String) throws {
        let (first, second) = try (
            ImageURL("http://\(one)/", maxBytes: 200), ImageURL("http://\(other):81/", maxBytes: 200)
        )
        #expect(first.host == second.host)
    }

    @Test("A redirect's target may be of any bytes, which are percent-encoded as they are")
    func latin1Target() throws {
        let base = try ImageURL("http://a/b/c?d", maxBytes: 200)
        let target = try ImageURL(redirect: Array("caf".utf8) + [0xE9], from: base, maxBytes: 200)
        #expect(target.text == "http://a/b/caf%E9")
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
