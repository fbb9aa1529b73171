import CLIPEngine

extension APIError {
    /// Why the server itself turns a request away.
    enum Rejection: String, CaseIterable {
        case bodyTooLarge = "body_too_large"
        case bodyTooSlow = "body_too_slow"
        /// The engine counts others under the same name.
        case memory
        case tooLate = "too_late"
        case unauthorized
        case notAllowed = "not_allowed"
    }

    /// Nil where a request is answered, be it with a mistake of its sender's, and where the engine has counted it.
    var rejection: Rejection? {
        switch self {
        case .bodyTooLarge, .bodyNotWanted, .bodyTooLargeForMemory: .bodyTooLarge
        case .bodyTooSlow: .bodyTooSlow
        case .noRoomForBody: .memory
        case .tooLate: .tooLate
        case .unauthorized: .unauthorized
        case .originNotAllowed, .managementClosed, .managementThroughProxy, .hostNotAllowed: .notAllowed
        case .notFound, .methodNotAllowed, .invalidTimeout, .malformedMessage, .bodyEncodingNotSupported,
            .bodyNotUnpackable, .unreadableBody, .invalidFields, .invalidField, .unknownItemType,
            .imageWhereTextBelongs, .imageRefused, .embedding:
            nil
        }
    }
}
