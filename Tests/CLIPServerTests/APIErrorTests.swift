import CLIPEngine
import CLIPJSON
import CLIPServer
import Testing

@Suite("Errors")
struct APIErrorTests {
    private static let couldNotLoad = "Could not load input image. Cause: "
    private static let tooLong =
        "Error with model input. Cause: Text input is too long for the model context length. Shorten the text and retry."

    /// Every case with its status and body.
    static let cases = mostCases + pictureCases

    private static let mostCases: [(APIError, Int, String)] = [
        (.notFound, 404, #"{"detail":"Not Found"}"#),
        (.methodNotAllowed(allowed: ["POST"]), 405, #"{"detail":"Method Not Allowed"}"#),
        (
            .bodyTooLarge(limit: 9), 413,
            #"{"message":"The request body is larger than the 9 bytes that this server accepts. Send less at once; its operator can raise --max-body-bytes."}"#
        ),
        (
            .originNotAllowed, 403,
            #"{"message":"Web pages may manage models only if their origin is allowed by name, with --allow-origins."}"#
        ),
        (
            .bodyNotWanted(limit: 9), 413,
            #"{"message":"No body belongs to this request, and at most 9 bytes of one are passed over. Send it without."}"#
        ),
        (
            .bodyTooSlow(limit: .seconds(120), stall: .seconds(2.5)), 408,
            #"{"message":"The request body did not arrive in its time: all of it within 120 s, and some of it every 2.5 s. Send less at once; the server's operator can raise --body-seconds and --stall-seconds."}"#
        ),
        (.unauthorized, 401, #"{"status":401,"message":"Unauthorized api_key"}"#),
        (
            .bodyTooLargeForMemory(limit: 9), 413,
            #"{"message":"The request body is larger than the 9 bytes that this server has for all bodies together. Send less at once; its operator can raise --memory-budget."}"#
        ),
        (
            .malformedMessage(.noHost), 400,
            #"{"message":"A request of HTTP/1.1 must have exactly one Host field."}"#
        ),
        (
            .managementClosed, 403,
            #"{"message":"Models and caches of this server can be changed from its own machine only. Its operator can give a key with --management-key-file, or open it with --allow-management."}"#
        ),
        (
            .managementThroughProxy, 403,
            #"{"message":"Models and caches of this server cannot be changed through a proxy, nor by HTTP/1.0, without a key. Its operator can give one with --management-key-file, or open it with --allow-management."}"#
        ),
        (
            .hostNotAllowed, 403,
            #"{"message":"Models and caches can be changed only under the name localhost or 127.0.0.1. The server's operator can give a key with --management-key-file, or open it with --allow-management."}"#
        ),
        (
            .bodyEncodingNotSupported, 415,
            #"{"message":"The Content-Encoding of the request body is not supported. Send the body as it is, or with gzip or deflate."}"#
        ),
        (
            .bodyNotUnpackable, 400,
            #"{"message":"The request body is not what its Content-Encoding field says. Send it as it is, or packed whole."}"#
        ),
        (.unreadableBody(.notUTF8), 400, #"{"detail":"There was an error parsing the body"}"#),
        (
            .unreadableBody(.tooManyValues(limit: 5)), 400,
            #"{"detail":"There was an error parsing the body: it has more than 5 values. Send less at once."}"#
        ),
        (
            .invalidFields(FieldProblems([FieldProblem(.missing, at: ["body", "image"])])), 422,
            #"{"detail":[{"type":"missing","loc":["body","image"],"msg":"Field required","input":null}]}"#
        ),
        (
            .unknownItemType(field: .subject), 400,
            #"{"message":"subject_type must be either 'image' or 'text'"}"#
        ),
        (
            .unknownItemType(field: .prompt), 400,
            #"{"message":"prompt_type must be either 'image' or 'text'"}"#
        ),
        (
            .imageWhereTextBelongs(field: .prompt), 400,
            #"{"message":"The prompt holds an image, but prompt_type is 'text'. Set prompt_type to 'image', or send text."}"#
        ),
        (
            .imageRefused(.unknownType), 400,
            #"{"message":"\#(couldNotLoad)Image declaration contains not recognised image type."}"#
        ),
        (
            .imageRefused(.numpyNotSupported), 400,
            #"{"message":"\#(couldNotLoad)NumPy image type is not supported in this configuration of `inference`."}"#
        ),
        (
            .imageRefused(.filesNotSupported), 400,
            #"{"message":"\#(couldNotLoad)Image type 'file' is not supported: the server does not read files of its own machine. Send the image as type 'base64' or 'url'."}"#
        ),
        (
            .imageRefused(.notSentOverHTTP(type: "pil")), 400,
            #"{"message":"\#(couldNotLoad)Image type 'pil' cannot be sent over HTTP. Send the image as type 'base64' or 'url'."}"#
        ),
        (
            .imageRefused(.noValue(type: "url")), 400,
            #"{"message":"\#(couldNotLoad)Image declaration of type 'url' has no value."}"#
        ),
        (
            .imageRefused(.valueNotAString(type: "url")), 400,
            #"{"message":"\#(couldNotLoad)The value of an image declaration of type 'url' must be a string."}"#
        ),
    ]

    /// Every case of the engine's error, with its status and message.
    private static let engineCases: [(EmbeddingError, Int, String)] = [
        (
            .unknownModel("secret"), 404,
            "Requested Roboflow resource not found. Make sure that workspace, project or model you referred in request "
                + "exists. GET /model/registry lists the models of this server."
        ),
        (.invalidModelName("secret"), 400, "Invalid Model ID sent in request."),
        (
            .noTower(.image, model: "secret"), 400,
            "The model is a text tower alone, which embeds no images; ask for one that has an image tower, as GET /model/registry tells of each."
        ),
        (
            .noTower(.text, model: "secret"), 400,
            "The model is an image tower alone, which embeds no texts; ask for one that has a text tower, as GET /model/registry tells of each."
        ),
        (.noImages, 400, "At least one image is required"),
        (.noTexts, 400, "At least one text is required"),
        (.noPrompts, 400, "At least one prompt is required"),
        (
            .tooManyImages(count: 9, limit: 8), 400,
            "The maximum number of images that can be embedded at once is 8. Send the others in another request; "
                + "the server's operator can raise --max-batch."
        ),
        (
            .tooManyPrompts(count: 9, limit: 8), 400,
            "The maximum number of prompts that can be compared at once is 8. Send the others in another request; "
                + "the server's operator can raise --max-batch."
        ),
        (
            .tooManyTexts(count: 9, limit: 8), 400,
            "The maximum number of texts that can be embedded at once is 8, and there are 9. Send the others in "
                + "another request; the server's operator can raise --max-texts."
        ),
        (
            .textTooLarge(index: 0, count: 90, limit: 80), 400,
            tooLong + " It has 90 bytes, and at most 80 are read."
        ),
        (
            .textTooLong(index: 0, count: 80, limit: 77), 400,
            tooLong + " It has 80 tokens, and the model takes 77."
        ),
        (
            .textTangled(index: 0), 400,
            "Error with model input. Cause: The text is made of too many nested escapes. Send it unescaped."
        ),
        (
            .textLengthened(index: 0), 400,
            "Error with model input. Cause: The model's tokenizer makes far too much of the text. Write it in another way."
        ),
        (
            .textBeyondVocabulary(index: 0, token: "<extra_id_5>", rows: 8), 400,
            "Error with model input. Cause: The text has the token '<extra_id_5>', which the model was not made with. "
                + "Take it out, or write it in another way."
        ),
        (
            .overloaded(retryAfterSeconds: 3), 429,
            "The server is busy, and would not be done in time. Try again in 3 s."
        ),
        (.shuttingDown, 503, "The server is shutting down."),
        (.cancelled, 499, "The client closed the request."),
        (
            .modelNotFetched(name: "secret", cause: "secret"), 503,
            "The model could not be fetched. Try again later; the server's log says why."
        ),
        (
            .modelLoading(name: "secret", retryAfterSeconds: 5), 503,
            "The model is still being loaded, which goes on. Try again in 5 s; the server's operator can have requests wait "
                + "for longer with --load-seconds, or load it at start."
        ),
        (
            .modelTooLarge(name: "secret", bytes: 9, beside: 2, limit: 8), 507,
            "The model takes 9 bytes beside the default model's 2, and this server has 8 for all models. Ask for a smaller "
                + "one; its operator can raise --model-memory."
        ),
        (.failed("secret"), 500, "Internal error."),
        (.invalidConfiguration(["secret"]), 500, "Internal error."),
        (.image(index: 0, .malformedBase64), 400, couldNotLoad + "Malformed base64 input image."),
        (
            .image(index: 0, .unknownFormat(looksLike: "JPEG XL")), 400,
            couldNotLoad
                + "The bytes are no picture of a format that is read here; they look like JPEG XL. Send JPEG, PNG or WebP."
        ),
        (
            .image(index: 0, .unknownFormat(looksLike: nil)), 400,
            couldNotLoad + "The bytes are no picture of a format that is read here. Send JPEG, PNG or WebP."
        ),
        (
            .image(index: 0, .undecodable(.payload)), 400,
            couldNotLoad
                + "The picture is damaged or cut off, or of a kind that is not read here. Send it as JPEG, PNG or WebP."
        ),
        (
            .image(index: 0, .unsupportedColours(cause: "for the log")), 400,
            couldNotLoad
                + "The picture is damaged or cut off, or of a kind that is not read here. Send it as JPEG, PNG or WebP."
        ),
        (
            .image(index: 0, .tooSlow(limit: .seconds(2.5))), 400,
            couldNotLoad
                + "The picture takes longer to decode than the 2.5 s that one may take here (--decode-seconds). "
                + "Send it smaller, or as a plain JPEG or PNG."
        ),
        (
            .image(index: 0, .noMemory), 503,
            couldNotLoad + "The server has no memory for decoding the picture at the moment. Try again later."
        ),
        (.image(index: 0, .empty(.payload)), 400, couldNotLoad + "Empty image payload."),
        (.image(index: 0, .empty(.url)), 400, couldNotLoad + "Empty image payload."),
        (
            .image(index: 0, .formatNotAvailable("HEIC")), 400,
            couldNotLoad + "This server cannot read HEIC images. Send JPEG, PNG or WebP."
        ),
        (
            .image(index: 0, .tooLarge("figures")), 400,
            couldNotLoad
                + "The image is too large: figures. Send a smaller one; the server's operator can raise the limit."
        ),
        (
            .image(index: 0, .urlsNotAllowed), 400,
            couldNotLoad + "Providing images via URL is not supported in this configuration of `inference`."
        ),
        (
            .image(index: 0, .invalidURL(cause: "for the log")), 400,
            couldNotLoad + "Provided image URL is invalid"
        ),
        (
            .image(index: 0, .schemeNotAllowed), 400,
            couldNotLoad
                + "Providing images via non https:// URL is not supported in this configuration of `inference`."
        ),
        (
            .image(index: 0, .addressNotAllowed), 400,
            couldNotLoad + "URL points to a network destination that is not allowed."
        ),
        (
            .image(index: 0, .httpsRequired), 400,
            couldNotLoad
                + "Providing images via non https:// URL is not supported in this configuration of `inference`."
        ),
        (
            .image(index: 0, .publicNameRequired(host: "secret")), 400,
            couldNotLoad
                + "Providing images via URL without FQDN is not supported in this configuration of `inference`."
        ),
        (
            .image(index: 0, .hostNotAllowed("secret")), 400,
            couldNotLoad + "It is not allowed to reach image URL - prohibited by whitelisted destinations."
        ),
        (
            .image(index: 0, .hostDenied("secret")), 400,
            couldNotLoad + "It is not allowed to reach image URL - prohibited by blacklisted destinations."
        ),
        (
            .image(index: 0, .encodingNotSupported("secret")), 400,
            couldNotLoad
                + "The image's host sends it with a Content-Encoding that is not unpacked here. Send the image as it is, "
                + "or packed once with gzip or deflate."
        ),
        (
            .image(index: 0, .unreachable(cause: "The host's name has no address.")), 400,
            couldNotLoad + "Data pointed by URL could not be decoded into image."
        ),
        (
            .image(index: 0, .badStatus(500)), 400,
            couldNotLoad + "Data pointed by URL could not be decoded into image."
        ),
        (
            .image(index: 0, .timedOut), 400,
            couldNotLoad + "Data pointed by URL could not be decoded into image."
        ),
        (
            .image(index: 0, .tooManyRedirects), 400,
            couldNotLoad + "Data pointed by URL could not be decoded into image."
        ),
    ]

    @Test("Every error has its status and its body", arguments: cases.indices)
    func body(index: Int) {
        let (error, status, body) = Self.cases[index]
        #expect(error.status == status)
        #expect(String(decoding: error.body, as: UTF8.self) == body)
        #expect(error.retryAfter == nil)
    }

    @Test("Every error of the engine has its status and its message", arguments: engineCases.indices)
    func engineError(index: Int) {
        let (cause, status, message) = Self.engineCases[index]
        let error = APIError.embedding(cause, place: nil)
        #expect(error.status == status)
        guard case .message(let text, let hasHelpURL) = error.content else {
            Issue.record("\(error.content)")
            return
        }
        #expect(text == message)
        #expect(hasHelpURL == message.hasPrefix(Self.tooLong))
        #expect(!text.contains("secret"))
    }

    @Test("A text that is too long says null for the help that the real server links to")
    func helpURL() {
        let error = APIError.embedding(.textTooLong(index: 1, count: 80, limit: 77), place: "text 2 of 3")
        #expect(
            String(decoding: error.body, as: UTF8.self)
                == #"{"message":"\#(Self.tooLong) It has 80 tokens, and the model takes 77. (text 2 of 3)","help_url":null}"#
        )
    }

    @Test("Errors that pass say when to try again")
    func retryAfter() {
        #expect(APIError.embedding(.overloaded(retryAfterSeconds: 3), place: nil).retryAfter == 3)
        #expect(APIError.embedding(.shuttingDown, place: nil).retryAfter == 1)
        #expect(APIError.noRoomForBody.retryAfter == 1)
        #expect(APIError.embedding(.failed(""), place: nil).retryAfter == nil)
    }

    @Test("Only a body that stays unread ends the connection")
    func closesConnection() {
        #expect(APIError.bodyTooLarge(limit: 1).closesConnection)
        #expect(APIError.bodyNotWanted(limit: 1).closesConnection)
        #expect(APIError.bodyTooSlow(limit: .seconds(1), stall: .seconds(1)).closesConnection)
        #expect(APIError.malformedMessage(.chunk).closesConnection)
        #expect(APIError.noRoomForBody.closesConnection)
        #expect(APIError.bodyTooLargeForMemory(limit: 1).closesConnection)
        #expect(!APIError.unauthorized.closesConnection)
        #expect(!APIError.unreadableBody(.notUTF8).closesConnection)
        #expect(!APIError.notFound.closesConnection)
    }

    @Test(
        "What was not done in its time says what that was",
        arguments: [(300, "300 s"), (0.004, "0.004 s")]
    )
    func lateness(seconds: Double, text: String) {
        let error = APIError.tooLate(limit: .seconds(seconds))
        #expect(error.status == 503 && error.retryAfter == 1)
        #expect(error.cause.hasPrefix("The request was not done in its \(text), and was dropped."))
    }

    @Test("The log gets the cause of what its sender is not told, and otherwise what the sender is told")
    func cause() {
        #expect(APIError.embedding(.failed("why"), place: nil).cause == "why")
        #expect(
            APIError.embedding(.modelUnavailable(name: "m", cause: "why"), place: nil).cause
                == "Model 'm' cannot be loaded: why"
        )
        #expect(
            APIError.embedding(.image(index: 0, .badStatus(503)), place: nil).cause
                == "The host answered with status 503. Check the URL in a browser."
        )
        #expect(APIError.embedding(.invalidConfiguration(["a", "b"]), place: nil).cause == "a b")
        #expect(
            APIError.embedding(.image(index: 1, .timedOut), place: "image 2 of 3").cause
                == "Fetching the image took too long, or it came too slowly. Try again, raise --fetch-seconds, or lower "
                + "--fetch-min-speed. It is image 2 of 3."
        )
        #expect(APIError.malformedMessage(.noHost).cause == MessageFault.noHost.sentence)
        #expect(APIError.notFound.cause == "The path is none of this server's. Use one that GET / lists.")
    }

    @Test("The cause of fields that are wrong names them, and nothing that was sent")
    func fieldCause() {
        let problems = FieldProblems([
            FieldProblem(.notAString, at: ["body", "prompt", "dict[str,str]", "secret"]),
            FieldProblem(.missing, at: ["body", "subject"]),
        ])
        #expect(
            APIError.invalidFields(problems).cause
                == "The body's fields are not as they should be: string_type at body.prompt, missing at body.subject."
        )
    }
}
