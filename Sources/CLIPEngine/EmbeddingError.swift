/// Why a request got no embeddings, grouped by whose fault it is.
public indirect enum EmbeddingError: Error, Equatable, Sendable {
    // MARK: The sender's

    /// No model of this name is configured, or could be.
    case unknownModel(String)
    /// The model could be brought, but is none of those that requests may have brought.
    case modelNotAllowed(String)
    /// The model is no Perception Encoder, which is what was asked for.
    case notPerceptionEncoder(String)
    /// The model has the other tower alone: it embeds no images, or no texts.
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
    /// One text has more bytes than are worth cleaning and splitting.
    case textTooLarge(index: Int, count: Int, limit: Int)
    /// One text has more tokens than the model has positions; both figures count the two special tokens.
    case textTooLong(index: Int, count: Int, limit: Int)
    /// One text is made of so many nested escapes that cleaning it does not come to an end.
    case textTangled(index: Int)
    /// One text becomes longer without measure by what the files of the model's tokenizer have done to it.
    case textLengthened(index: Int)
    /// One text has a token that the model's tokenizer knows and its network, with `rows` of them, does not.
    case textBeyondVocabulary(index: Int, token: String, rows: Int)

    /// Something is wrong with the labels or templates themselves.
    case labels(LabelFault)
    /// A prompt of one label could not be used, for a reason that a text has; `index` is the label's place in its set.
    case label(index: Int, EmbeddingError)

    // MARK: Load

    /// Too much is waiting already; there should be room again after so many seconds.
    case overloaded(retryAfterSeconds: Int)
    /// What the request holds, or its answer, would take more memory than there is for all requests together.
    case tooMuchMemory(bytes: Int, limit: Int)
    /// The engine is being shut down.
    case shuttingDown
    /// The client left before its answer was there.
    case cancelled
    /// The model is on its way into memory, and the request has waited for it as long as one may; it should be there after so
    /// many seconds.
    case modelLoading(name: String, retryAfterSeconds: Int)
    /// The model would have to be fetched, and as many others are on their way as may be; there should be room after so many
    /// seconds.
    case tooManyLoads(limit: Int, retryAfterSeconds: Int)
    /// The model takes more memory than models may, `beside` being what those take that are never let go of.
    case modelTooLarge(name: String, bytes: Int, beside: Int, limit: Int)

    // MARK: Ours

    /// A configured model could not be loaded. The text is for the log: it names files and tensors.
    case modelUnavailable(name: String, cause: String)
    /// The files of a model could not be brought to this machine. The sentence is for the log.
    case modelNotFetched(name: String, cause: String, FetchFault = .passing(retryAfterSeconds: nil))
    /// What a load came to a moment ago, which is not tried again for so many seconds.
    case heldOff(EmbeddingError, retryAfterSeconds: Int)
    /// A forward pass failed. The text is for the log.
    case failed(String)
    /// The configuration is refused; every problem is named.
    case invalidConfiguration([String])
}

extension EmbeddingError {
    /// Which text the error is about, if it is about one.
    package var textIndex: Int? {
        switch self {
        case .textTooLong(let index, _, _), .textTooLarge(let index, _, _), .textTangled(let index),
            .textLengthened(let index), .textBeyondVocabulary(let index, _, _):
            index
        default: nil
        }
    }

    /// The same error of a text by itself.
    package var ofOneText: EmbeddingError {
        switch self {
        case .textTooLong(_, let count, let limit): .textTooLong(index: 0, count: count, limit: limit)
        case .textLengthened: .textLengthened(index: 0)
        case .textBeyondVocabulary(_, let token, let rows):
            .textBeyondVocabulary(index: 0, token: token, rows: rows)
        default: self
        }
    }

    /// Other requests hold the memory, and nobody knows for how long.
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
    /// The bytes are no image of a format that is read; the text says what they look like, where that can be told.
    case unknownFormat(looksLike: String?)
    /// The image is truncated or damaged, or of a kind of its format that is not read.
    case undecodable(ImageOrigin)
    /// The picture is sound, in colours that have no plain way to RGB; the sentence, which names the format, is for the
    /// log.
    case unsupportedColours(cause: String)
    /// The format is known, but switched off, or this system's libraries lack it, as some do HEIC; the text is its name.
    case formatNotAvailable(String)
    /// The image exceeds a limit; the text names figure and limit.
    case tooLarge(String)
    /// Decoding the image would take more memory than there is for all requests together.
    case tooMuchMemory(bytes: Int, limit: Int)
    /// Decoding the image takes longer than a decode may.
    case tooSlow(limit: Duration)
    /// There is no memory for decoding the image at the moment, which is not its sender's fault.
    case noMemory
    /// The decode was ended, since nobody waits for it.
    case stopped
    /// URLs are switched off.
    case urlsNotAllowed
    /// The text is no URL that can be used; the sentence, which says why, is for the log.
    case invalidURL(cause: String)
    /// A scheme other than https and http, here or in a redirect.
    case schemeNotAllowed
    /// The URL leads to a private, loopback, link-local or otherwise special address.
    case addressNotAllowed
    /// The host of the URL, or of a redirect, is not on the operator's list; the text is for the log.
    case hostNotAllowed(String)
    /// The host of the URL, or of a redirect, is on the operator's list of those that are refused; for the log.
    case hostDenied(String)
    /// The operator allows https only, and the URL or a redirect is http.
    case httpsRequired
    /// The operator allows public names only, and the host is an address or a private name; for the log.
    case publicNameRequired(host: String)
    /// The host sent the image packed in a way that is not unpacked; the text is the packing's name.
    case encodingNotSupported(String)
    /// The host could not be reached, or broke off; the sentence is for the log.
    case unreachable(cause: String)
    /// The host answered with a status other than success.
    case badStatus(Int)
    /// The transfer took longer than the time limit.
    case timedOut
    /// More redirects than are followed.
    case tooManyRedirects
}
