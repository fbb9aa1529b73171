import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Testing

@Suite("The words of errors")
struct WordsTests {
    @Test(
        "Every enum of errors has a description that somebody wrote, without words for cases that it does not name"
    )
    func described() throws {
        let types = try Words.errorTypes()
        #expect(types.count > 10)
        #expect(types.filter { !$0.isDescribed }.map { "\($0.name) in \($0.file)" } == [])
        #expect(try Words.descriptionsWithDefault() == [])
    }

    @Test("A test walks the cases of every enum of errors that other targets see")
    func walked() throws {
        for type in try Words.errorTypes() where type.isShared {
            #expect(
                try Words.isWalked(type.name),
                "no test calls Words.complaints for \(type.name) of \(type.file)"
            )
        }
    }

    @Test(
        "What Swift says of a value is no sentence",
        arguments: [
            "malformedJSON(file: \"tokenizer.json\", offset: 0)", "weights(The checkpoint lacks 'a'.)",
            "malformedConfiguration(name: Optional(\"do_resize\"))", "notUTF8", "tooDeep(limit: 5)",
            "CLIPImaging.ImagingError.empty", "The field is Optional(3) of them.", "Stopped.",
            "There is no end",
        ]
    )
    func refused(text: String) {
        #expect(!Words.faults(of: text, caseNames: ["notUTF8", "weights"]).isEmpty)
    }

    @Test(
        "Sentences pass",
        arguments: ["There is no image.", "model.safetensors cannot be read: No such file or directory."]
    )
    func accepted(text: String) {
        #expect(Words.faults(of: text) == [])
    }

    @Test("Every error of a request's JSON is a sentence")
    func json() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "syntax": JSONError.syntax(reason: "Expecting value", position: 3), "notUTF8": JSONError.notUTF8,
            "tooDeep": JSONError.tooDeep(limit: 128), "tooManyValues": JSONError.tooManyValues(limit: 10),
            "numberTooLong": JSONError.numberTooLong(limit: 4300),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "JSONError",
            in: "CLIPServer/Wire/JSONReader.swift"
        )
        #expect(complaints == [])
    }

    @Test("Every refusal of a request is a sentence")
    func refusals() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "notFound": APIError.notFound, "malformedMessage": APIError.malformedMessage(.noHost),
            "bodyTooLargeForMemory": APIError.bodyTooLargeForMemory(limit: 8),
            "noRoomForBody": APIError.noRoomForBody,
            "bodyEncodingNotSupported": APIError.bodyEncodingNotSupported,
            "bodyNotUnpackable": APIError.bodyNotUnpackable, "unauthorized": APIError.unauthorized,
            "managementClosed": APIError.managementClosed, "hostNotAllowed": APIError.hostNotAllowed,
            "methodNotAllowed": APIError.methodNotAllowed(allowed: ["GET"]),
            "bodyTooLarge": APIError.bodyTooLarge(limit: 8), "bodyTooSlow": APIError.bodyTooSlow,
            "invalidTimeout": APIError.invalidTimeout, "tooLate": APIError.tooLate,
            "originNotAllowed": APIError.originNotAllowed,
            "unreadableBody": APIError.unreadableBody(.notUTF8),
            "invalidFields": APIError.invalidFields(FieldProblems([FieldProblem(.missing, at: ["image"])])),
            "unknownItemType": APIError.unknownItemType(field: .subject),
            "imageWhereTextBelongs": APIError.imageWhereTextBelongs(field: .prompt),
            "imageRefused": APIError.imageRefused(.noValue(type: "url")),
            "embedding": APIError.embedding(.noTexts, place: nil),
        ]
        let complaints = try Words.complaints(of: samples, type: "APIError", in: "CLIPServer/APIError.swift")
        #expect(complaints == [])
    }

    @Test("Every fault of a message is a sentence")
    func messages() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "requestLine": MessageFault.requestLine,
            "versionNotSupported": MessageFault.versionNotSupported,
            "targetTooLong": MessageFault.targetTooLong(limit: 8),
            "fieldsTooLarge": MessageFault.fieldsTooLarge(limit: 8),
            "tooManyFields": MessageFault.tooManyFields(limit: 8),
            "fieldLine": MessageFault.fieldLine,
            "noHost": MessageFault.noHost,
            "invalidHost": MessageFault.invalidHost,
            "contentLength": MessageFault.contentLength,
            "contentLengthOutOfRange": MessageFault.contentLengthOutOfRange,
            "lengthAndEncoding": MessageFault.lengthAndEncoding,
            "transferEncoding": MessageFault.transferEncoding,
            "transferEncodingNotSupported": MessageFault.transferEncodingNotSupported,
            "chunk": MessageFault.chunk,
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "MessageFault",
            in: "CLIPServer/Connection/MessageFault.swift"
        )
        #expect(complaints == [])
    }
}
