import CLIPServer
import Testing

@Suite("Forms, taken apart")
struct MultipartTests {
    private static func parts(_ text: String, boundary: String = "b") throws -> [[String]] {
        try Multipart(Array(text.utf8), boundary: boundary).parts.map {
            [$0.name, String(decoding: $0.content, as: UTF8.self)]
        }
    }

    private static let head = "Content-Disposition: form-data; name=\"x\"\r\n"

    @Test("Parts are found by their boundary, whatever stands around them")
    func parts() throws {
        let one = "--b\r\n\(Self.head)\r\nvalue\r\n--b--"
        #expect(try Self.parts(one) == [["x", "value"]])
        #expect(try Self.parts("preamble\r\n" + one + "\r\nepilogue") == [["x", "value"]])
        #expect(try Self.parts("--b  \r\n\(Self.head)\r\n\r\n--b--\r\n") == [["x", ""]])
        #expect(try Self.parts("--b\r\n\(Self.head)\r\n--b--") == [["x", ""]])
        #expect(
            try Self.parts("--b\r\n\(Self.head)\r\nx--b\r\n-b\n--b\r\n--b--") == [["x", "x--b\r\n-b\n--b"]]
        )
        #expect(
            try Self.parts(
                "--b\r\ncontent-disposition:form-data;NAME=y\r\nX: z\r\n\r\n\r\n\r\n\r\n--b\r\n\(Self.head)\r\n1\r\n--b--"
            )
                == [["y", "\r\n\r\n"], ["x", "1"]]
        )
        #expect(try Self.parts("--b--") == [])
        #expect(
            try Self.parts(
                "--b\r\nContent-Disposition: form-data; filename=\"a;name=z\"; name=\"q\\\"r\"\r\n\r\n1\r\n--b--"
            )
                == [["q\"r", "1"]]
        )
    }

    @Test(
        "What is no form is refused",
        arguments: [
            "", "--", "--b", "--b\r\n", "--c\r\n\r\n--c--", "--b\r\n\r\nvalue\r\n--b--",
            "--b\r\nX: y\r\n\r\n1\r\n--b--",
            "--b\r\n\(head)\r\nvalue", "--b\r\n\(head)\r\nvalue\r\n--b", "--b\r\n\(head)value\r\n--b--",
            "--bx\r\n\(head)\r\n1\r\n--bx--",
            "--b\r\n" + String(repeating: "a", count: 20_000) + ": b\r\n\(head)\r\n1\r\n--b--",
        ]
    )
    func refused(text: String) {
        #expect(throws: APIError.self) { try Self.parts(text) }
    }

    @Test("What is wrong with a form is told as what it is")
    func words() {
        let long = String(repeating: "a", count: 20_000)
        for (text, words) in [
            ("--b\n\(Self.head)\n1\n--b--", "lines that end in LF alone"),
            ("--b\r\nContent-Disposition: form-data; name=x\n\n1\r\n--b--", "lines that end in LF alone"),
            (
                "--b\r\n\(long): b\r\n\(Self.head)\r\n1\r\n--b--",
                "a part whose head is longer than 16384 bytes"
            ),
            ("--c\r\n\(Self.head)\r\n1\r\n--c--", "does not have the boundary that its Content-Type names"),
            ("--b\r\n\(Self.head)", "cut off in the head of a part"), ("--b", "cut off behind a boundary"),
            ("--b\r\n\(Self.head)\r\nvalue", "cut off: its last boundary is missing"),
            ("--bx\r\n\(Self.head)\r\n1\r\n--bx--", "something else than a line break behind it"),
        ] {
            let error = #expect(throws: APIError.self) { try Self.parts(text) }
            #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "") is not: \(words)")
        }
    }

    @Test("A boundary has one to seventy characters, and a form not too many parts")
    func bounds() throws {
        for boundary in ["", String(repeating: "a", count: 71), "a\u{1}"] {
            #expect(throws: APIError.self) { try Self.parts("--\(boundary)--", boundary: boundary) }
        }
        let part = "--b\r\n\(Self.head)\r\n1\r\n"
        #expect(try Self.parts(String(repeating: part, count: 1024) + "--b--").count == 1024)
        #expect(throws: APIError.self) { try Self.parts(String(repeating: part, count: 1025) + "--b--") }
    }

    @Test("Parts whose names are too long are passed over, and counted all the same")
    func names() throws {
        func part(_ length: Int) -> String {
            let name = String(repeating: "x", count: length)
            return "--b\r\nContent-Disposition: form-data; name=\(name)\r\n\r\n\(length)\r\n"
        }
        #expect(try Self.parts(part(64) + part(65) + part(1) + "--b--").map { $0[1] } == ["64", "1"])
        #expect(try Self.parts(String(repeating: part(65), count: 1024) + "--b--") == [])
        #expect(throws: APIError.self) { try Self.parts(String(repeating: part(65), count: 1025) + "--b--") }
    }

    @Test("A long form is taken apart in a moment, however alike its bytes and its boundary are")
    func long() throws {
        let mark = "\r\n--" + String(repeating: "-", count: 69)
        let almost = String(repeating: "\r\n--" + String(repeating: "-", count: 60), count: 60_000)
        let body = mark.dropFirst(2) + "\r\n\(Self.head)\r\n" + almost + "x" + mark + "a--"
        let start = ContinuousClock.now
        _ = try? Multipart(Array(body.utf8), boundary: String(repeating: "-", count: 69) + "a")
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}

@Suite("The parameters of a query")
struct QueryParameterTests {
    @Test("They come in order, unescaped, and those whose names are too long are passed over")
    func pairs() {
        let (long, longer) = (String(repeating: "x", count: 64), String(repeating: "%78", count: 65))
        let found = QueryParameters.pairs(of: "a=1&\(long)=2&\(longer)=3&%61=b%20c+d&e&=f&&a=g=h")
        #expect(found.map(\.name) == ["a", long, "a", "e", "", "a"])
        #expect(found.map(\.value) == ["1", "2", "b c d", "", "f", "g=h"])
        #expect(QueryParameters.pairs(of: nil).isEmpty)
    }
}

@Suite("What a Content-Type field says")
struct MediaTypeTests {
    @Test("Types, with and without a boundary")
    func types() {
        for (field, name, boundary) in [
            ("image/JPEG", "image/jpeg", nil), (" text/plain ; charset=x", "text/plain", nil),
            ("multipart/form-data; boundary=abc", "multipart/form-data", "abc"),
            ("multipart/form-data;Boundary=\"a; b\"; x=y", "multipart/form-data", "a; b"),
            ("multipart/form-data; boundary=\"a\\\"b\"", "multipart/form-data", "a\"b"),
            ("multipart/form-data; boundary", "multipart/form-data", nil),
        ] as [(String, String, String?)] {
            let type = MediaType(field)
            #expect(type?.name == name)
            #expect(type?.boundary == boundary)
        }
        for field in [nil, "", "image", ";", "a/b/c", String(repeating: "a", count: 2000) + "/b"] {
            #expect(MediaType(field) == nil)
        }
        #expect(MediaType("image/png")?.isPicture == true)
        #expect(MediaType("application/json")?.isPicture == false)
    }
}
