import CLIPEngine
import CLIPServer
import Testing

@Suite("What a comparison asks of the engine")
struct CompareBodyTests {
    private func body(_ json: String) throws -> CompareBody {
        var fields = try BodyFields.read(of: Array(json.utf8), contentType: "application/json")
        return try CompareBody(&fields)
    }

    private func image(_ text: String) -> ComparisonItem { .image(.base64(Array(text.utf8)[...])) }

    @Test("Without types, an image is compared with texts")
    func defaults() throws {
        let body = try body(#"{"subject":{"type":"base64","value":"aGk="},"prompt":["a","b"]}"#)
        #expect(try body.comparisonSubject() == image("aGk="))
        #expect(try body.comparisonPrompts() == [.text("a"), .text("b")])
    }

    @Test("A string where an image belongs is a URL if it begins like one, and base64 otherwise")
    func strings() throws {
        let body = try body(
            #"{"subject":"https://h/a.png","prompt":{"x":"http://h/b","y":"aGk=","z":"/etc/passwd","file":"file:///a"},"prompt_type":"image"}"#
        )
        #expect(try body.comparisonSubject() == .image(.url("https://h/a.png")))
        #expect(
            try body.comparisonPrompts() == [
                .image(.url("http://h/b")), image("aGk="), image("/etc/passwd"), image("file:///a"),
            ]
        )
    }

    @Test("Types other than image and text are refused, whatever their case")
    func types() throws {
        for type in ["audio", "IMAGE", ""] {
            let subject = try body(#"{"subject":"a","subject_type":"\#(type)","prompt":"b"}"#)
            #expect(throws: APIError.unknownItemType(field: .subject)) { try subject.comparisonSubject() }
            let prompt = try body(#"{"subject":"a","prompt":"b","prompt_type":"\#(type)"}"#)
            #expect(throws: APIError.unknownItemType(field: .prompt)) { try prompt.comparisonPrompts() }
        }
    }

    @Test("An image where a text belongs is refused")
    func imageAsText() throws {
        let subject = try body(#"{"subject":{"type":"url","value":"x"},"subject_type":"text","prompt":"b"}"#)
        #expect(throws: APIError.imageWhereTextBelongs(field: .subject)) { try subject.comparisonSubject() }
        let prompt = try body(#"{"subject":"a","prompt":{"type":"base64","value":"x"}}"#)
        #expect(throws: APIError.imageWhereTextBelongs(field: .prompt)) { try prompt.comparisonPrompts() }
    }

    @Test(
        "Image types are told apart in any case, and those that cannot be served are refused",
        arguments: [
            (#"{"type":"BASE64","value":"aGk="}"#, nil),
            (#"{"type":"Url","value":"aGk="}"#, nil),
            (#"{"type":"numpy","value":"x"}"#, .numpyNotSupported),
            (#"{"type":"numpy_object","value":"x"}"#, .numpyNotSupported),
            (#"{"type":"FILE","value":"/etc/passwd"}"#, .filesNotSupported),
            (#"{"type":"pil","value":"x"}"#, .notSentOverHTTP(type: "pil")),
            (#"{"type":"multipart"}"#, .notSentOverHTTP(type: "multipart")),
            (#"{"type":"","value":"x"}"#, .unknownType),
            (#"{"type":"base64 ","value":"x"}"#, .unknownType),
            (#"{"type":"a type of many letters","value":"x"}"#, .unknownType),
            (#"{"type":"base64"}"#, .noValue(type: "base64")),
            (#"{"type":"url","value":null}"#, .noValue(type: "url")),
            (#"{"type":"base64","value":7}"#, .valueNotAString(type: "base64")),
            (#"{"type":"url","value":["x"]}"#, .valueNotAString(type: "url")),
        ] as [(String, APIError.ImageRefusal?)]
    )
    func imageTypes(declaration: String, refusal: APIError.ImageRefusal?) throws {
        var fields = try BodyFields.read(
            of: Array(#"{"image":\#(declaration)}"#.utf8),
            contentType: "application/json"
        )
        let body = try EmbedImageBody(&fields)
        if let refusal {
            #expect(throws: APIError.imageRefused(refusal)) { try body.sources() }
        } else {
            #expect(try body.sources().count == 1)
        }
    }

    @Test("An object with both members of an image is one, and a type that is no string is none we know")
    func bothMembers() throws {
        let body = try body(
            #"{"subject":"aGk=","prompt":{"type":{"type":"base64","value":"x"},"value":"y"},"prompt_type":"image"}"#
        )
        #expect(throws: APIError.imageRefused(.unknownType)) { try body.comparisonPrompts() }
    }
}
