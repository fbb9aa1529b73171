internal import CLIPEngine
internal import CLIPIndex

/// When an error can come: what a request has to be or have for it.
///
/// The API's document tells by it which statuses an operation has.
package enum Occasion: String, CaseIterable, Sendable {
    /// Any bytes on a connection, which may be no request at all.
    case message
    /// No body is wanted.
    case bodyless
    /// A body is wanted.
    case body
    /// The answer is not there at once.
    case time
    /// A key is wanted, if the operator has given some.
    case key
    /// The request changes what the server holds.
    case management
    /// The body's fields are told of one by one, in pydantic's words.
    case fields
    /// The first field that is wrong is told of in a sentence.
    case field
    /// A picture by itself, or a form, may be the body.
    case upload
    /// A file or a model is named in the path.
    case path
    /// A model is named.
    case name
    /// Pictures are embedded.
    case image
    /// Texts are embedded.
    case text
    /// A subject is compared with prompts.
    case comparison
    /// Labels are ranked.
    case labels
    /// The operator's pictures are looked at.
    case pictures
    /// They are searched.
    case query
    /// One of their files is read.
    case file
    /// A model has to be there, and to compute.
    case work
}

extension APIError {
    /// When it can come; nil where no documented operation has it.
    package var occasion: Occasion? {
        switch self {
        case .methodNotAllowed: nil
        case .notFound: .path
        case .malformedMessage: .message
        case .bodyNotWanted: .bodyless
        case .bodyTooLarge, .bodyTooSlow, .bodyTooLargeForMemory, .noRoomForBody, .bodyEncodingNotSupported,
            .bodyNotUnpackable, .unreadableBody:
            .body
        case .invalidTimeout, .tooLate: .time
        case .unauthorized: .key
        case .originNotAllowed, .managementClosed, .managementThroughProxy, .hostNotAllowed: .management
        case .invalidFields: .fields
        case .invalidField(let fault): fault.field == nil ? .upload : .field
        case .unknownItemType, .imageWhereTextBelongs: .comparison
        case .imageRefused: .image
        case .noIndex, .pageNotAllowed, .nameNotAllowed: .pictures
        case .pictures(let error): error.occasion
        case .embedding(let error, _): error.occasion
        }
    }
}

extension PictureSearchError {
    fileprivate var occasion: Occasion {
        switch self {
        case .noPicture, .index, .noModel: .pictures
        case .cancelsOut: .query
        case .changedFile, .undecodableFile: .file
        case .engine(let error, _): error.occasion
        }
    }
}

extension EmbeddingError {
    fileprivate var occasion: Occasion {
        switch self {
        case .unknownModel, .modelNotAllowed, .notPerceptionEncoder, .invalidModelName: .name
        case .noImages, .tooManyImages, .image: .image
        case .noTexts, .tooManyTexts, .textTooLarge, .textTooLong, .textTangled, .textLengthened,
            .textBeyondVocabulary:
            .text
        case .noPrompts, .tooManyPrompts: .comparison
        case .labels, .label: .labels
        case .heldOff(let error, _): error.occasion
        case .noTower, .overloaded, .tooMuchMemory, .shuttingDown, .cancelled, .modelLoading, .tooManyLoads,
            .modelTooLarge, .modelUnavailable, .modelNotFetched, .failed, .invalidConfiguration:
            .work
        }
    }
}
