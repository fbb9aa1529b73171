import CLIPEngine
import CLIPIndex
import CLIPJSON
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

    @Test(
        "A sentence without a remedy is found",
        arguments: [
            "The image has no bytes.", "model.safetensors is not a regular file.",
            "The header was read, but was the download cut off?",
            "It is made of two-part names -- and no more.",
            "vocab.json: merge 3 was given before.", "Try again, or raise the limit in the settings.",
        ]
    )
    func helpless(text: String) {
        #expect(!Words.hasRemedy(text))
    }

    @Test(
        "A remedy is a flag, or what to do",
        arguments: [
            "It takes longer than 10 s, which --decode-seconds sets.", "It has no host; write it in full.",
            "Was the download cut off? Download it anew.",
            "It is too large. Make it smaller, or raise the limit.",
            "It is the configuration of one tower: save the whole model.",
        ]
    )
    func helpful(text: String) {
        #expect(Words.hasRemedy(text))
    }

    @Test("A text that is no sentence is found, and a case without a text")
    func found() throws {
        var samples: [(name: String, texts: [String])] = Self.messageFaults.map {
            ($0.key, [$0.value.sentence])
        }
        let file = "CLIPServer/Connection/MessageFault.swift"
        #expect(try Words.complaints(ofTexts: samples, type: "MessageFault", in: file) == [])
        samples[0].texts.append("Not Found")
        samples.removeLast()
        #expect(try Words.complaints(ofTexts: samples, type: "MessageFault", in: file).count == 3)
    }

    @Test("What is said of messages and of JSON in descriptions is what is told")
    func descriptions() throws {
        let json = try Words.complaints(
            ofTexts: Self.jsonErrors.map { ($0.key, ["\($0.value)"]) },
            type: "JSONError",
            in: "CLIPJSON/JSONError.swift"
        )
        #expect(json == [])
        for (_, fault) in Self.messageFaults { #expect("\(fault)" == fault.sentence) }
    }

    /// What the real server answers, word by word; some of it is no sentence.
    private static let contract: Set<String> = [
        "Not Found", "Method Not Allowed", "There was an error parsing the body",
        "subject_type must be either 'image' or 'text'", "At least one image is required",
        "At least one text is required", "At least one prompt is required",
        "Could not load input image. Cause: Provided image URL is invalid", "Internal error.",
    ]

    /// What goes to the sender of a request and to the log.
    private func texts(of error: APIError) -> [String] {
        let told: String? =
            switch error.content {
            case .detail(let text), .message(let text, _): text
            // In the words of the real server.
            case .problems, .unauthorized: nil
            }
        return [told].compactMap { $0 }.filter { !Self.contract.contains($0) } + [error.cause]
    }

    private func complaints(
        of samples: KeyValuePairs<String, APIError>,
        type: String,
        in file: String
    ) throws -> [String] {
        try Words.complaints(ofTexts: samples.map { ($0.key, texts(of: $0.value)) }, type: type, in: file)
    }

    @Test("Every refusal of a request is a sentence, for its sender and in the log")
    func refusals() throws {
        let problems = FieldProblems([FieldProblem(.missing, at: ["body", "image"])])
        let complaints = try complaints(
            of: [
                "notFound": .notFound, "malformedMessage": .malformedMessage(.noHost),
                "bodyTooLargeForMemory": .bodyTooLargeForMemory(limit: 8),
                "noRoomForBody": .noRoomForBody, "bodyNotWanted": .bodyNotWanted(limit: 8),
                "bodyEncodingNotSupported": .bodyEncodingNotSupported,
                "bodyNotUnpackable": .bodyNotUnpackable, "unauthorized": .unauthorized,
                "managementClosed": .managementClosed, "hostNotAllowed": .hostNotAllowed,
                "managementThroughProxy": .managementThroughProxy,
                "methodNotAllowed": .methodNotAllowed(allowed: ["GET"]),
                "bodyTooLarge": .bodyTooLarge(limit: 8),
                "bodyTooSlow": .bodyTooSlow(limit: .seconds(120), stall: .seconds(10)),
                "invalidTimeout": .invalidTimeout, "tooLate": .tooLate(limit: .seconds(300)),
                "originNotAllowed": .originNotAllowed, "unreadableBody": .unreadableBody(.notUTF8),
                "invalidFields": .invalidFields(problems),
                "invalidField": PlainFields.fault("input", "is missing"),
                "unknownItemType": .unknownItemType(field: .subject),
                "imageWhereTextBelongs": .imageWhereTextBelongs(field: .prompt),
                "imageRefused": .imageRefused(.noValue(type: "url")),
                "embedding": .embedding(.noTexts, place: nil), "noIndex": .noIndex,
                "pageNotAllowed": .pageNotAllowed, "nameNotAllowed": .nameNotAllowed,
                "pictures": .pictures(.cancelsOut),
            ],
            type: "APIError",
            in: "CLIPServer/APIError.swift"
        )
        #expect(complaints == [])
    }

    @Test("Every refusal of a declared image, of a body that cannot be read and of a message is a sentence")
    func parts() throws {
        let refusals: KeyValuePairs<String, APIError.ImageRefusal> = [
            "unknownType": .unknownType, "numpyNotSupported": .numpyNotSupported,
            "filesNotSupported": .filesNotSupported, "notSentOverHTTP": .notSentOverHTTP(type: "pil"),
            "noValue": .noValue(type: "url"), "valueNotAString": .valueNotAString(type: "url"),
        ]
        var complaints = try Words.complaints(
            ofTexts: refusals.map { ($0.key, texts(of: .imageRefused($0.value))) },
            type: "ImageRefusal",
            in: "CLIPServer/APIError.swift"
        )
        complaints += try Words.complaints(
            ofTexts: Self.jsonErrors.map { ($0.key, texts(of: .unreadableBody($0.value))) },
            type: "JSONError",
            in: "CLIPJSON/JSONError.swift"
        )
        complaints += try Words.complaints(
            ofTexts: Self.messageFaults.map { ($0.key, texts(of: .malformedMessage($0.value))) },
            type: "MessageFault",
            in: "CLIPServer/Connection/MessageFault.swift"
        )
        #expect(complaints == [])
    }

    @Test("Every error of the engine is a sentence, for the sender of a request and in the log")
    func engine() throws {
        let complaints = try complaints(
            of: Self.engineErrors,
            type: "EmbeddingError",
            in: "CLIPEngine/EmbeddingError.swift"
        )
        #expect(complaints == [])
        let faults = try Words.complaints(
            ofTexts: Self.imageFaults.map {
                ($0.key, texts(of: .embedding(.image(index: 0, $0.value), place: nil)))
            },
            type: "ImageFault",
            in: "CLIPEngine/EmbeddingError.swift"
        )
        #expect(faults == [])
    }

    @Test(
        "Every error of a search is a sentence, for the sender of a request and in the log, which alone names files"
    )
    func pictures() throws {
        let path = "/srv/secret.jpg"
        let errors: [(String, PictureSearchError)] = [
            ("noPicture", .noPicture(id: 7)), ("changedFile", .changedFile(path: path)),
            ("undecodableFile", .undecodableFile(path: path, .tooSlow(limit: .seconds(10)))),
            ("cancelsOut", .cancelsOut), ("noModel", .noModel(name: "secret")),
            ("index", .index(.damaged(path: path, what: "a file has no vector"))),
            ("index", .index(.notFound(path: path))),
            ("engine", .engine(.overloaded(retryAfterSeconds: 3), term: nil)),
        ]
        let complaints = try Words.complaints(
            ofTexts: errors.map { ($0.0, texts(of: APIError($0.1))) },
            type: "PictureSearchError",
            in: "CLIPIndex/Search/PictureSearchError.swift"
        )
        #expect(complaints == [])
        for (name, error) in errors {
            #expect(!APIError(error).sentence.contains("secret"), "\(name)")
            #expect(Words.hasRemedy(APIError(error).cause), "\(name)")
        }
    }

    @Test("The log says what helps, also where the answer does not")
    func remedies() {
        // The first two have nobody who waits; the others hand on what a leaf says.
        let excepted: Set = [
            "cancelled", "stopped", "modelUnavailable", "failed", "invalidConfiguration", "unreachable",
        ]
        let faults = Self.imageFaults.map {
            ($0.key, APIError.embedding(.image(index: 0, $0.value), place: nil))
        }
        let refusals: KeyValuePairs<String, APIError> = [
            "notFound": .notFound, "methodNotAllowed": .methodNotAllowed(allowed: ["GET", "POST"]),
            "unauthorized": .unauthorized, "unknownItemType": .unknownItemType(field: .subject),
        ]
        let errors =
            Self.engineErrors.map { ($0.key, $0.value) } + faults + refusals.map { ($0.key, $0.value) }
        for (name, error) in errors where !excepted.contains(name) {
            #expect(Words.hasRemedy(error.cause), "\(name): \(error.cause)")
        }
    }

    private static let engineErrors: KeyValuePairs<String, APIError> = [
        "unknownModel": .embedding(.unknownModel("m"), place: nil),
        "modelNotAllowed": .embedding(.modelNotAllowed("m"), place: nil),
        "notPerceptionEncoder": .embedding(.notPerceptionEncoder("m"), place: nil),
        "noTower": .embedding(.noTower(.image, model: "m"), place: nil),
        "invalidModelName": .embedding(.invalidModelName("m"), place: nil),
        "noImages": .embedding(.noImages, place: nil), "noTexts": .embedding(.noTexts, place: nil),
        "noPrompts": .embedding(.noPrompts, place: nil),
        "tooManyImages": .embedding(.tooManyImages(count: 9, limit: 8), place: nil),
        "tooManyPrompts": .embedding(.tooManyPrompts(count: 9, limit: 8), place: nil),
        "image": .embedding(.image(index: 0, .timedOut), place: nil),
        "tooManyTexts": .embedding(.tooManyTexts(count: 9, limit: 8), place: nil),
        "textTooLarge": .embedding(.textTooLarge(index: 0, count: 9, limit: 8), place: nil),
        "textTooLong": .embedding(.textTooLong(index: 0, count: 9, limit: 8), place: nil),
        "textTangled": .embedding(.textTangled(index: 0), place: nil),
        "textLengthened": .embedding(.textLengthened(index: 0), place: nil),
        "textBeyondVocabulary": .embedding(
            .textBeyondVocabulary(index: 0, token: "<extra_id_5>", rows: 8),
            place: nil
        ),
        "labels": .embedding(.labels(.blankLabel(index: 1)), place: nil),
        "label": .embedding(
            .label(index: 1, .textTooLong(index: 4, count: 99, limit: 77)),
            place: nil
        ),
        "overloaded": .embedding(.overloaded(retryAfterSeconds: 3), place: nil),
        "tooMuchMemory": .embedding(.tooMuchMemory(bytes: 9, limit: 8), place: nil),
        "shuttingDown": .embedding(.shuttingDown, place: nil),
        "cancelled": .embedding(.cancelled, place: nil),
        "modelUnavailable": .embedding(
            .modelUnavailable(name: "m", cause: "config.json is missing."),
            place: nil
        ),
        "modelLoading": .embedding(.modelLoading(name: "m", retryAfterSeconds: 5), place: nil),
        "tooManyLoads": .embedding(.tooManyLoads(limit: 32, retryAfterSeconds: 10), place: nil),
        "modelTooLarge": .embedding(
            .modelTooLarge(name: "m", bytes: 9, beside: 2, limit: 8),
            place: nil
        ),
        "modelNotFetched": .embedding(
            .modelNotFetched(name: "m", cause: "The disk is full. Make room in the cache."),
            place: nil
        ),
        "heldOff": .embedding(
            .heldOff(.modelNotFetched(name: "m", cause: "The host is gone."), retryAfterSeconds: 3),
            place: nil
        ),
        "failed": .embedding(.failed("The thread of the model has ended."), place: nil),
        "invalidConfiguration": .embedding(.invalidConfiguration(["No model is named."]), place: nil),
    ]

    private static let imageFaults: KeyValuePairs<String, ImageFault> = [
        "malformedBase64": .malformedBase64, "empty": .empty(.url),
        "unknownFormat": .unknownFormat(looksLike: "JPEG XL"), "stillBase64": .stillBase64,
        "undecodable": .undecodable(.payload),
        "formatNotAvailable": .formatNotAvailable("HEIC"),
        "tooLarge": .tooLarge("9 bytes; the limit is 8 (--max-image-bytes)"),
        "tooMuchMemory": .tooMuchMemory(bytes: 9, limit: 8), "tooSlow": .tooSlow(limit: .seconds(10)),
        "noMemory": .noMemory, "stopped": .stopped, "urlsNotAllowed": .urlsNotAllowed,
        "invalidURL": .invalidURL(cause: "The URL cannot be used: it names no host; write it in full."),
        "unsupportedColours": .unsupportedColours(
            cause: "The colours have no plain way to RGB. Save it as RGB."
        ),
        "schemeNotAllowed": .schemeNotAllowed,
        "addressNotAllowed": .addressNotAllowed, "hostNotAllowed": .hostNotAllowed("a.example"),
        "hostDenied": .hostDenied("a.example"), "httpsRequired": .httpsRequired,
        "publicNameRequired": .publicNameRequired(host: "a.example"),
        "encodingNotSupported": .encodingNotSupported("zstd"),
        "unreachable": .unreachable(cause: "The host's name has no address."),
        "badStatus": .badStatus(500), "timedOut": .timedOut, "tooManyRedirects": .tooManyRedirects,
    ]

    private static let jsonErrors: KeyValuePairs<String, JSONError> = [
        "syntax": .syntax(reason: "Expecting value", position: 3), "notUTF8": .notUTF8,
        "tooDeep": .tooDeep(limit: 128), "tooManyValues": .tooManyValues(limit: 10),
        "numberTooLong": .numberTooLong(limit: 4300),
    ]

    private static let messageFaults: KeyValuePairs<String, MessageFault> = [
        "requestLine": .requestLine, "versionNotSupported": .versionNotSupported,
        "targetTooLong": .targetTooLong(limit: 8), "fieldsTooLarge": .fieldsTooLarge(limit: 8),
        "tooManyFields": .tooManyFields(limit: 8), "fieldLine": .fieldLine, "noHost": .noHost,
        "invalidHost": .invalidHost, "contentLength": .contentLength,
        "contentLengthOutOfRange": .contentLengthOutOfRange, "lengthAndEncoding": .lengthAndEncoding,
        "transferEncoding": .transferEncoding,
        "transferEncodingNotSupported": .transferEncodingNotSupported, "chunk": .chunk,
    ]
}
