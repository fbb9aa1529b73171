import CLIPEngine
import CLIPTestSupport
import Testing

@Suite("The words of the engine's errors")
struct WordsTests {
    @Test("Every error of a request is a sentence")
    func embedding() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "unknownModel": EmbeddingError.unknownModel("a"),
            "modelNotAllowed": EmbeddingError.modelNotAllowed("a"),
            "notPerceptionEncoder": EmbeddingError.notPerceptionEncoder("a"),
            "invalidModelName": EmbeddingError.invalidModelName("a/b"),
            "noTower": EmbeddingError.noTower(.text, model: "a"),
            "noImages": EmbeddingError.noImages, "noTexts": EmbeddingError.noTexts,
            "noPrompts": EmbeddingError.noPrompts,
            "tooManyImages": EmbeddingError.tooManyImages(count: 9, limit: 8),
            "tooManyPrompts": EmbeddingError.tooManyPrompts(count: 9, limit: 8),
            "image": EmbeddingError.image(index: 1, .malformedBase64),
            "tooManyTexts": EmbeddingError.tooManyTexts(count: 9, limit: 8),
            "textTooLarge": EmbeddingError.textTooLarge(index: 1, count: 9, limit: 8),
            "textTooLong": EmbeddingError.textTooLong(index: 1, count: 99, limit: 77),
            "textTangled": EmbeddingError.textTangled(index: 0),
            "textLengthened": EmbeddingError.textLengthened(index: 0),
            "textBeyondVocabulary": EmbeddingError.textBeyondVocabulary(
                index: 1,
                token: "<extra_id_5>",
                rows: 8
            ),
            "labels": EmbeddingError.labels(.blankLabel(index: 0)),
            "label": EmbeddingError.label(index: 1, .textTooLong(index: 4, count: 99, limit: 77)),
            "overloaded": EmbeddingError.overloaded(retryAfterSeconds: 3),
            "tooMuchMemory": EmbeddingError.tooMuchMemory(bytes: 9, limit: 8),
            "shuttingDown": EmbeddingError.shuttingDown, "cancelled": EmbeddingError.cancelled,
            "modelUnavailable": EmbeddingError.modelUnavailable(
                name: "a",
                cause: "config.json is cut off. Download it anew."
            ),
            "modelLoading": EmbeddingError.modelLoading(name: "a", retryAfterSeconds: 5),
            "tooManyLoads": EmbeddingError.tooManyLoads(limit: 32, retryAfterSeconds: 10),
            "modelTooLarge": EmbeddingError.modelTooLarge(name: "a", bytes: 9, beside: 2, limit: 8),
            "modelNotFetched": EmbeddingError.modelNotFetched(
                name: "a",
                cause: "The disk is full. Make room in the cache."
            ),
            "heldOff": EmbeddingError.heldOff(
                .modelNotFetched(name: "a", cause: "The connection broke. Look at the network."),
                retryAfterSeconds: 3
            ),
            "failed": EmbeddingError.failed("There is no memory left. Try again later."),
            "invalidConfiguration": EmbeddingError.invalidConfiguration(["--max-batch must be 1 at least."]),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "EmbeddingError",
            in: "CLIPEngine/EmbeddingError.swift",
            nothingToDo: ["cancelled"]
        )
        #expect(complaints == [])
    }

    @Test("Every fault of labels is a sentence that says what to do")
    func labels() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "noLabels": LabelFault.noLabels,
            "tooManyLabels": LabelFault.tooManyLabels(count: 10_001, limit: 10_000),
            "tooManyPrompts": LabelFault.tooManyPrompts(count: 80_000, limit: 16_384),
            "blankLabel": LabelFault.blankLabel(index: 1),
            "repeatedLabel": LabelFault.repeatedLabel(index: 2, first: 0),
            "noPrompts": LabelFault.noPrompts(label: 1), "noTemplates": LabelFault.noTemplates,
            "noPlace": LabelFault.noPlace(template: 0),
            "templateTooLarge": LabelFault.templateTooLarge(template: 0, count: 9, limit: 8),
            "promptTooLarge": LabelFault.promptTooLarge(label: 0, count: 9, limit: 8),
            "tooMuchMemory": LabelFault.tooMuchMemory(bytes: 9, limit: 8),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "LabelFault",
            in: "CLIPEngine/Classification/LabelFault.swift"
        )
        #expect(complaints == [])
        // The label's place is said, and not that of one of its prompts.
        #expect(
            "\(EmbeddingError.label(index: 1, .textTooLong(index: 4, count: 99, limit: 77)))"
                == "Label 2 cannot be used. The text has 99 tokens; the model has 77 positions. Shorten it."
        )
    }

    @Test("Every fault of an image is a sentence")
    func image() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "malformedBase64": ImageFault.malformedBase64, "empty": ImageFault.empty(.url),
            "unknownFormat": ImageFault.unknownFormat(looksLike: "a web page"),
            "stillBase64": ImageFault.stillBase64,
            "tooSlow": ImageFault.tooSlow(limit: .seconds(10)),
            "noMemory": ImageFault.noMemory, "stopped": ImageFault.stopped,
            "undecodable": ImageFault.undecodable(.payload),
            "unsupportedColours": ImageFault.unsupportedColours(
                cause: "The colours have no plain way to RGB. Save it as RGB."
            ),
            "formatNotAvailable": ImageFault.formatNotAvailable("heic"),
            "tooLarge": ImageFault.tooLarge("9 bytes; the limit is 8"),
            "tooMuchMemory": ImageFault.tooMuchMemory(bytes: 9, limit: 8),
            "urlsNotAllowed": ImageFault.urlsNotAllowed,
            "invalidURL": ImageFault.invalidURL(
                cause: "The URL cannot be used: it names no host; write it in full."
            ),
            "schemeNotAllowed": ImageFault.schemeNotAllowed,
            "addressNotAllowed": ImageFault.addressNotAllowed,
            "unreachable": ImageFault.unreachable(cause: "The connection broke. Try again."),
            "hostNotAllowed": ImageFault.hostNotAllowed("a.example"),
            "hostDenied": ImageFault.hostDenied("a.example"),
            "httpsRequired": ImageFault.httpsRequired,
            "publicNameRequired": ImageFault.publicNameRequired(host: "intern"),
            "encodingNotSupported": ImageFault.encodingNotSupported("zstd"),
            "badStatus": ImageFault.badStatus(404), "timedOut": ImageFault.timedOut,
            "tooManyRedirects": ImageFault.tooManyRedirects,
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "ImageFault",
            in: "CLIPEngine/EmbeddingError.swift",
            nothingToDo: ["stopped"]
        )
        #expect(complaints == [])
    }

    @Test("Every refusal of the account of bytes is a sentence")
    func budget() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "tooLarge": ByteBudgetError.tooLarge(bytes: 9, most: 8), "cancelled": ByteBudgetError.cancelled,
            "noRoom": ByteBudgetError.noRoom,
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "ByteBudgetError",
            in: "CLIPEngine/Budget/ByteBudgetError.swift",
            nothingToDo: ["cancelled"]
        )
        #expect(complaints == [])
    }
}
