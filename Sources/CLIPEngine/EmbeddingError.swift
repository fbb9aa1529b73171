/// Why a request got no embeddings, grouped by whose fault it is.
public indirect enum EmbeddingError: Error, Equatable, Sendable {
    // MARK: The sender's

    /// No model of this name is configured, and none may be loaded by that name.
    case unknownModel(String)
    /// The model could be loaded, but the operator does not allow requests to load it.
    case modelNotAllowed(String)
    /// The model is not a Perception Encoder, and the request was for one.
    case notPerceptionEncoder(String)
    /// The model lacks this tower: it embeds no images, or no texts.
    case noTower(Tower, model: String)
    /// A model name that can never be right, such as one with a slash.
    case invalidModelName(String)
    /// An empty list of images.
    case noImages
    /// An empty list of texts.
    case noTexts
    /// An empty list or mapping of prompts.
    case noPrompts
    /// More images than one request may carry.
    case tooManyImages(count: Int, limit: Int)
    /// More prompts than one comparison may carry.
    case tooManyPrompts(count: Int, limit: Int)
    /// One image could not be used; `index` is its place in the request.
    case image(index: Int, ImageFault)
    /// More texts than one request may carry.
    case tooManyTexts(count: Int, limit: Int)
    /// One text has more bytes than are cleaned and split.
    case textTooLarge(index: Int, count: Int, limit: Int)
    /// One text has more tokens than the model has positions; both figures count the two special tokens.
    case textTooLong(index: Int, count: Int, limit: Int)
    /// One text consists of so many nested escapes that cleaning it would not end.
    case textTangled(index: Int)
    /// The normalizer in the model's tokenizer files makes one text too long.
    case textLengthened(index: Int)
    /// One text has a token that the tokenizer knows but the network does not; its token table has `rows` rows.
    case textBeyondVocabulary(index: Int, token: String, rows: Int)

    /// The labels or templates themselves are wrong.
    case labels(LabelFault)
    /// A prompt of one label could not be used, for a reason that any text can have; `index` is the label's place in
    /// its set.
    case label(index: Int, EmbeddingError)

    // MARK: Load

    /// Too much is waiting already; there should be room again after this many seconds.
    case overloaded(retryAfterSeconds: Int)
    /// The request's data, or its answer, would take more memory than all requests together may.
    case tooMuchMemory(bytes: Int, limit: Int)
    /// The engine is being shut down.
    case shuttingDown
    /// The client left before its answer was finished.
    case cancelled
    /// The model is still being loaded, and the request has waited as long as it may; the model should be loaded after
    /// this many seconds.
    case modelLoading(name: String, retryAfterSeconds: Int)
    /// The model would have to be fetched, and the largest number of fetches is under way; there should be room after
    /// this many seconds.
    case tooManyLoads(limit: Int, retryAfterSeconds: Int)
    /// The model takes more memory than models may; `beside` is what the models take that are never unloaded.
    case modelTooLarge(name: String, bytes: Int, beside: Int, limit: Int)

    // MARK: Ours

    /// A configured model could not be loaded. The text is for the log: it names files and tensors.
    case modelUnavailable(name: String, cause: String)
    /// The files of a model could not be brought to this machine. The sentence is for the log.
    case modelNotFetched(name: String, cause: String, FetchFault = .passing(retryAfterSeconds: nil))
    /// A load failed a moment ago with this error, and is not tried again for this many seconds.
    case heldOff(EmbeddingError, retryAfterSeconds: Int)
    /// A forward pass failed. The text is for the log.
    case failed(String)
    /// The configuration is refused; every problem is named.
    case invalidConfiguration([String])
}

extension EmbeddingError {
    /// The place of the text that the error is about; nil if it is not about a text.
    package var textIndex: Int? {
        switch self {
        case .textTooLong(let index, _, _), .textTooLarge(let index, _, _), .textTangled(let index),
            .textLengthened(let index), .textBeyondVocabulary(let index, _, _):
            index
        default: nil
        }
    }

    /// The same error, worded for a text that stands alone.
    package var ofOneText: EmbeddingError {
        switch self {
        case .textTooLong(_, let count, let limit): .textTooLong(index: 0, count: count, limit: limit)
        case .textLengthened: .textLengthened(index: 0)
        case .textBeyondVocabulary(_, let token, let rows):
            .textBeyondVocabulary(index: 0, token: token, rows: rows)
        default: self
        }
    }

    /// Other requests hold the memory, and nothing tells for how long.
    static let roomTaken = EmbeddingError.overloaded(retryAfterSeconds: 5)
}

/// Where an image's bytes came from, which decides what its sender is told.
public enum ImageOrigin: Equatable, Sendable {
    /// The bytes were in the request.
    case payload
    /// The bytes were fetched from a URL.
    case url
}

/// What is wrong with one image.
public enum ImageFault: Error, Equatable, Sendable {
    /// The text is not base64: a wrong number of characters or wrong padding.
    case malformedBase64
    /// There are no bytes.
    case empty(ImageOrigin)
    /// The bytes are in no format that is read; the text names the format that they look like, if it can be told.
    case unknownFormat(looksLike: String?)
    /// The bytes, which were to be the picture itself, are its base64 or its `data:` URL.
    case stillBase64
    /// The image is truncated or damaged, or of a kind of its format that is not read.
    case undecodable(ImageOrigin)
    /// The picture is undamaged, but its colours cannot simply be converted to RGB; the sentence, which names the
    /// format, is for the log.
    case unsupportedColours(cause: String)
    /// The format is known, but switched off, or this system's libraries lack it (some lack HEIC); the text is its
    /// name.
    case formatNotAvailable(String)
    /// The image exceeds a limit; the text names the value and the limit.
    case tooLarge(String)
    /// Decoding the image would take more memory than there is for all requests together.
    case tooMuchMemory(bytes: Int, limit: Int)
    /// Decoding the image takes longer than a decode may.
    case tooSlow(limit: Duration)
    /// There is no memory for decoding the image at the moment, through no fault of its sender.
    case noMemory
    /// The decode was ended because no request waits for it any more.
    case stopped
    /// URLs are switched off.
    case urlsNotAllowed
    /// The text is no URL that can be fetched; the sentence, which says why, is for the log.
    case invalidURL(cause: String)
    /// A scheme other than https and http, here or in a redirect.
    case schemeNotAllowed
    /// The URL leads to a private, loopback, link-local or otherwise special address.
    case addressNotAllowed
    /// The host of the URL, or of a redirect, is not on the operator's list of allowed hosts; the text is for the log.
    case hostNotAllowed(String)
    /// The host of the URL, or of a redirect, is on the operator's list of denied hosts; the text is for the log.
    case hostDenied(String)
    /// The operator allows https only, and the URL or a redirect is http.
    case httpsRequired
    /// The operator allows public names only, and the host is an address or a private name; the text is for the log.
    case publicNameRequired(host: String)
    /// The host sent the image in a content encoding that is not supported; the text is its name.
    case encodingNotSupported(String)
    /// The host could not be reached, or closed the connection early; the sentence is for the log.
    case unreachable(cause: String)
    /// The host answered with a status other than success.
    case badStatus(Int)
    /// The transfer took longer than the time limit.
    case timedOut
    /// There were more redirects than are followed.
    case tooManyRedirects
}
