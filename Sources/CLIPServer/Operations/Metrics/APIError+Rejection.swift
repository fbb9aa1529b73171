import CLIPEngine

extension APIError {
    /// Why the server itself refuses a request for lack of capacity.
    enum Rejection: String, CaseIterable {
        case bodyTooLarge = "body_too_large"
        case bodyTooSlow = "body_too_slow"
        /// The engine counts its own refusals under the same name.
        case memory
        case tooLate = "too_late"
        case unauthorized
        case notAllowed = "not_allowed"
    }

    /// Nil if the request is answered, even with a client's mistake, and if the engine has counted the refusal.
    var rejection: Rejection? {
        switch self {
        case .bodyTooLarge, .bodyNotWanted, .bodyTooLargeForMemory: .bodyTooLarge
        case .bodyTooSlow: .bodyTooSlow
        case .noRoomForBody: .memory
        case .tooLate: .tooLate
        case .unauthorized: .unauthorized
        case .originNotAllowed, .managementClosed, .managementThroughProxy, .hostNotAllowed, .pageNotAllowed,
            .nameNotAllowed:
            .notAllowed
        case .notFound, .methodNotAllowed, .invalidTimeout, .malformedMessage, .bodyEncodingNotSupported,
            .bodyNotUnpackable, .unreadableBody, .invalidFields, .invalidField, .unknownItemType,
            .imageWhereTextBelongs, .imageRefused, .embedding, .noIndex, .pictures:
            nil
        }
    }
}
