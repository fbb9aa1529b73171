package import CLIPEngine
package import CLIPIndex
package import CLIPJSON

/// Every way a request can fail, and what its sender is told.
///
/// The only place with status codes and with public texts of errors.
///
/// Where the real server answers with a text of its own, the text is the same. Nothing that was sent goes back, nor do
/// paths of the server or words of the libraries beneath; the log has the cause.
package enum APIError: Error, Equatable, Sendable {
    // MARK: HTTP

    case notFound
    case methodNotAllowed(allowed: [String])
    case bodyTooLarge(limit: Int)
    /// A long body where none is wanted.
    case bodyNotWanted(limit: Int)
    /// A body has a time for all of it, and one in which some of it has to come.
    case bodyTooSlow(limit: Duration, stall: Duration)
    /// A web page of another origin asked for something that only operators may do.
    case originNotAllowed
    /// `X-Request-Timeout` is not a number of seconds.
    case invalidTimeout
    /// The request was not done in its time.
    case tooLate(limit: Duration)
    /// What came is not a request as HTTP wants it.
    case malformedMessage(MessageFault)
    /// The body is larger than the engine's budget ever has room for.
    case bodyTooLargeForMemory(limit: Int)
    /// Other bodies have taken up the engine's budget for too long.
    case noRoomForBody
    /// The body is packed in a way that is not known here.
    case bodyEncodingNotSupported
    /// The body cannot be unpacked.
    case bodyNotUnpackable
    /// There is no key, or none of those that let in.
    case unauthorized
    /// Models and caches cannot be changed from elsewhere.
    case managementClosed
    /// The same through a proxy on this machine, behind which anybody may be.
    case managementThroughProxy
    /// A request to this machine that calls it by another name.
    case hostNotAllowed
    case unreadableBody(JSONError)
    case invalidFields(FieldProblems)
    /// The same of the first field, in the sentence of a shape that tells of one.
    case invalidField(FieldFault)

    // MARK: Fields that fit their types, but not each other

    case unknownItemType(field: ComparisonField)
    case imageWhereTextBelongs(field: ComparisonField)
    case imageRefused(ImageRefusal)

    // MARK: The engine

    /// `place` says which image or text it was, where the request has more than one, such as `image 2 of 8`.
    case embedding(EmbeddingError, place: String?)

    // MARK: The operator's pictures

    /// The server has none.
    case noIndex
    /// A web page of another site asked for them.
    case pageNotAllowed
    /// A request to this machine that calls it by a name that may be another site's.
    case nameNotAllowed
    case pictures(PictureSearchError)

    /// Why a declared image is not even looked at.
    package enum ImageRefusal: Equatable, Sendable {
        case unknownType
        case numpyNotSupported
        case filesNotSupported
        case notSentOverHTTP(type: String)
        case noValue(type: String)
        case valueNotAString(type: String)
    }

    /// What an error's body says.
    package enum Content: Equatable, Sendable {
        /// `{"detail": text}`
        case detail(String)
        /// `{"detail": [problem, ...]}`
        case problems(FieldProblems)
        /// `{"message": text}`, with `"help_url": null` behind it where the real server has that
        case message(String, hasHelpURL: Bool = false)
        /// `{"status": 401, "message": ...}`, as the real server refuses keys
        case unauthorized
    }

    /// The status code.
    package var status: Int {
        switch self {
        case .notFound: 404
        case .methodNotAllowed: 405
        case .bodyTooLarge, .bodyNotWanted: 413
        case .originNotAllowed: 403
        case .bodyTooSlow: 408
        case .invalidTimeout: 400
        case .tooLate: 503
        case .malformedMessage(let fault): fault.status
        case .bodyTooLargeForMemory: 413
        case .noRoomForBody: 503
        case .bodyEncodingNotSupported: 415
        case .unauthorized: 401
        case .managementClosed, .managementThroughProxy, .hostNotAllowed, .pageNotAllowed, .nameNotAllowed:
            403
        case .noIndex: 404
        case .pictures(let error): Self.status(of: error)
        case .bodyNotUnpackable, .unreadableBody: 400
        case .invalidFields: 422
        case .invalidField, .unknownItemType, .imageWhereTextBelongs, .imageRefused: 400
        case .embedding(.image(_, .tooMuchMemory), _), .embedding(.labels(.tooMuchMemory), _): 413
        case .embedding(let error, _):
            switch error {
            case .unknownModel, .modelNotAllowed, .notPerceptionEncoder: 404
            case .image(_, .noMemory): 503
            case .image(_, .stopped): 499
            case .invalidModelName, .noTower, .noImages, .noTexts, .noPrompts, .tooManyImages,
                .tooManyPrompts, .image, .labels, .tooManyTexts, .textTooLong, .textTooLarge, .textTangled,
                .textLengthened, .textBeyondVocabulary:
                400
            case .overloaded: 429
            case .tooMuchMemory: 413
            case .shuttingDown, .modelLoading, .tooManyLoads: 503
            case .modelNotFetched(_, _, let fault): Self.status(of: fault)
            case .heldOff(let error, _), .label(_, let error): APIError.embedding(error, place: nil).status
            case .modelTooLarge: 507
            // The client left; nginx's number for it, for the log, and for a client that only closed its sending side.
            case .cancelled: 499
            case .modelUnavailable, .failed, .invalidConfiguration: 500
            }
        }
    }

    /// What the sender is told.
    package var content: Content {
        switch self {
        case .notFound: .detail("Not Found")
        case .originNotAllowed:
            .message(
                "Web pages may manage models only if their origin is allowed by name, with --allow-origins."
            )
        case .methodNotAllowed: .detail("Method Not Allowed")
        case .bodyTooLarge(let limit):
            .message(
                "The request body is larger than the \(limit) bytes that this server accepts. Send less at once; "
                    + "its operator can raise --max-body-bytes."
            )
        case .bodyNotWanted(let limit):
            .message(
                "No body belongs to this request, and at most \(limit) bytes of one are passed over. Send it without."
            )
        case .bodyTooSlow(let limit, let stall):
            .message(
                "The request body did not arrive in its time: all of it within \(Self.seconds(limit)), and some of it "
                    + "every \(Self.seconds(stall)). Send less at once; the server's operator can raise --body-seconds "
                    + "and --stall-seconds."
            )
        case .invalidTimeout:
            .message("The X-Request-Timeout field must be a number of seconds above zero, such as 2.5.")
        case .tooLate(let limit):
            .message(
                "The request was not done in its \(Self.seconds(limit)), and was dropped. Try again later, or with less "
                    + "at once; X-Request-Timeout says how long it may take, and the server's operator can raise "
                    + "--request-seconds."
            )
        case .malformedMessage(let fault): .message(fault.sentence)
        case .bodyTooLargeForMemory(let limit):
            .message(
                "The request body is larger than the \(limit) bytes that this server has for all bodies together. "
                    + "Send less at once; its operator can raise --memory-budget."
            )
        case .noRoomForBody:
            .message(
                "The server is busy with other large requests. Try again later, or send less at once; "
                    + "its operator can raise --memory-budget."
            )
        case .bodyEncodingNotSupported:
            .message(
                "The Content-Encoding of the request body is not supported. Send the body as it is, or with gzip or deflate."
            )
        case .bodyNotUnpackable:
            .message(
                "The request body is not what its Content-Encoding field says. Send it as it is, or packed whole."
            )
        case .unauthorized: .unauthorized
        case .managementClosed:
            .message(
                "Models and caches of this server can be changed from its own machine only. "
                    + "Its operator can give a key with --management-key-file, or open it with --allow-management."
            )
        case .managementThroughProxy:
            .message(
                "Models and caches of this server cannot be changed through a proxy, nor by HTTP/1.0, without a key. "
                    + "Its operator can give one with --management-key-file, or open it with --allow-management."
            )
        case .hostNotAllowed:
            .message(
                "Models and caches can be changed only under the name localhost or 127.0.0.1. "
                    + "The server's operator can give a key with --management-key-file, or open it with --allow-management."
            )
        case .unreadableBody(let error): .detail(Self.detail(of: error))
        case .invalidFields(let problems): .problems(problems)
        case .invalidField(let fault): .message(fault.sentence)
        case .unknownItemType(let field): .message("\(field.rawValue)_type must be either 'image' or 'text'")
        case .imageWhereTextBelongs(let field):
            .message(
                "The \(field.rawValue) holds an image, but \(field.rawValue)_type is 'text'. "
                    + "Set \(field.rawValue)_type to 'image', or send text."
            )
        case .imageRefused(let refusal): .message(Self.cause(Self.text(of: refusal)))
        case .noIndex: .message(Self.noIndexText)
        case .pageNotAllowed: .message(Self.pageNotAllowedText)
        case .nameNotAllowed: .message(Self.nameNotAllowedText)
        case .pictures(let error): .message(Self.text(of: error))
        case .embedding(let error, let place): Self.content(of: error, place: place.map { " (\($0))" } ?? "")
        }
    }

    /// Seconds after which to try again, for errors that pass.
    package var retryAfter: Int? {
        switch self {
        case .embedding(.overloaded(let seconds), _), .embedding(.modelLoading(_, let seconds), _),
            .embedding(.tooManyLoads(_, let seconds), _):
            seconds
        case .embedding(.heldOff(let error, let seconds), _):
            APIError.embedding(error, place: nil).retryAfter == nil ? nil : seconds
        case .embedding(.modelNotFetched(_, _, let fault), _): Self.retryAfter(fault)
        case .embedding(.shuttingDown, _), .tooLate, .noRoomForBody: 1
        case .pictures(.index(.busy)): 5
        default: nil
        }
    }

    /// The body.
    package var body: [UInt8] {
        JSONWriter.object { writer in
            switch content {
            case .detail(let text): writer.member("detail", text)
            case .problems(let problems):
                writer.member("detail") { writer in
                    writer.array { writer in
                        for problem in problems.entries { problem.write(to: &writer) }
                    }
                }
            case .message(let text, let hasHelpURL):
                writer.member("message", text)
                if hasHelpURL { writer.nullMembers("help_url") }
            case .unauthorized:
                writer.member("status") { $0.integer(401) }
                writer.member("message", "Unauthorized api_key")
            }
        }
    }
}

// MARK: - Texts

extension APIError {
    private static func cause(_ text: String) -> String { "Could not load input image. Cause: " + text }

    private static func ofText(_ text: String) -> String { "Error with model input. Cause: " + text }

    private static func detail(of error: JSONError) -> String {
        let detail = "There was an error parsing the body"
        return switch error {
        case .syntax, .notUTF8: detail
        case .tooDeep(let limit): detail + ": it is nested deeper than \(limit) levels. Send it flatter."
        case .tooManyValues(let limit):
            detail + ": it has more than \(limit) values. Send less at once."
        case .numberTooLong(let limit):
            detail + ": a number has more than \(limit) digits. Send it shorter."
        }
    }

    private static func text(of refusal: ImageRefusal) -> String {
        switch refusal {
        case .unknownType: "Image declaration contains not recognised image type."
        case .numpyNotSupported: "NumPy image type is not supported in this configuration of `inference`."
        case .filesNotSupported:
            "Image type 'file' is not supported: the server does not read files of its own machine. "
                + "Send the image as type 'base64' or 'url'."
        case .notSentOverHTTP(let type):
            "Image type '\(type)' cannot be sent over HTTP. Send the image as type 'base64' or 'url'."
        case .noValue(let type): "Image declaration of type '\(type)' has no value."
        case .valueNotAString(let type):
            "The value of an image declaration of type '\(type)' must be a string."
        }
    }

    private static func content(of error: EmbeddingError, place: String) -> Content {
        switch error {
        case .unknownModel: .message(unknownModelText)
        case .modelNotAllowed: .message(modelNotAllowedText)
        case .notPerceptionEncoder: .message(notPerceptionEncoderText)
        case .invalidModelName: .message("Invalid Model ID sent in request.")
        case .noTower(.image, _):
            .message(
                "The model is a text tower alone, which embeds no images; ask for one that has an image tower, as "
                    + "GET /model/registry tells of each."
            )
        case .noTower(.text, _):
            .message(
                "The model is an image tower alone, which embeds no texts; ask for one that has a text tower, as "
                    + "GET /model/registry tells of each."
            )
        case .noImages: .message("At least one image is required")
        case .noTexts: .message("At least one text is required")
        case .noPrompts: .message("At least one prompt is required")
        case .tooManyImages(_, let limit):
            .message(
                "The maximum number of images that can be embedded at once is \(limit). Send the others in another "
                    + "request; the server's operator can raise --max-batch."
            )
        case .tooManyPrompts(_, let limit):
            .message(
                "The maximum number of prompts that can be compared at once is \(limit). Send the others in another "
                    + "request; the server's operator can raise --max-batch."
            )
        case .image(_, let fault): .message(cause(text(of: fault)) + place)
        case .textTooLong(_, let count, let limit):
            .message(
                "Error with model input. Cause: Text input is too long for the model context length. Shorten the text "
                    + "and retry. It has \(count) tokens, and the model takes \(limit)." + place,
                hasHelpURL: true
            )
        case .tooManyTexts(let count, let limit):
            .message(
                "The maximum number of texts that can be embedded at once is \(limit), and there are \(count). Send the "
                    + "others in another request; the server's operator can raise --max-texts."
            )
        case .textTooLarge(_, let count, let limit):
            .message(
                "Error with model input. Cause: Text input is too long for the model context length. Shorten the text "
                    + "and retry. It has \(count) bytes, and at most \(limit) are read." + place,
                hasHelpURL: true
            )
        case .textTangled:
            .message(ofText("The text is made of too many nested escapes. Send it unescaped.") + place)
        case .textLengthened:
            .message(
                ofText("The model's tokenizer makes far too much of the text. Write it in another way.")
                    + place
            )
        case .textBeyondVocabulary(_, let token, _):
            .message(
                ofText("The text has the token '\(token)', which the model was not made with. ")
                    + "Take it out, or write it in another way." + place
            )
        case .labels(let fault): .message(text(of: fault))
        case .label(_, let error): content(of: error, place: place)
        case .overloaded(let seconds):
            .message("The server is busy, and would not be done in time. Try again in \(seconds) s.")
        case .tooMuchMemory(let bytes, let limit):
            .message(
                "The answer would take \(bytes) bytes, and this server has \(limit) for all requests together. "
                    + "Send less at once; its operator can raise --memory-budget."
            )
        case .shuttingDown: .message("The server is shutting down.")
        case .cancelled: .message("The client closed the request.")
        case .modelLoading(_, let seconds):
            .message(
                "The model is still being loaded, which goes on. Try again in \(seconds) s; the server's operator can have "
                    + "requests wait for longer with --load-seconds, or load it at start."
            )
        case .tooManyLoads(let limit, let seconds):
            .message(
                "The model has to be fetched, and the server is fetching \(limit) others. Try again in \(seconds) s."
            )
        case .modelTooLarge(_, let bytes, let beside, let limit):
            .message(
                "The model takes \(bytes) bytes" + (beside > 0 ? " beside the default model's \(beside)" : "")
                    + ", and this server has \(limit) for all models. Ask for a smaller one; its operator can raise "
                    + "--model-memory."
            )
        case .modelNotFetched(_, _, let fault): .message(text(of: fault))
        case .heldOff(let error, _): content(of: error, place: place)
        case .modelUnavailable(let name, _): .message(unavailableText(ofModel: name))
        case .failed, .invalidConfiguration: .message("Internal error.")
        }
    }

    static func seconds(_ duration: Duration) -> String {
        // Times of less than a second are asked for by X-Request-Timeout.
        let unit = duration < .seconds(1) ? 1000.0 : 10
        let rounded = (duration / .seconds(1) * unit).rounded() / unit
        return rounded == rounded.rounded() ? "\(Int(rounded)) s" : "\(rounded) s"
    }
}
