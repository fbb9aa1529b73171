extension APIError {
    /// Whether the connection is of no further use: there is a body on it that will not be read.
    package var closesConnection: Bool {
        switch self {
        case .bodyTooLarge, .bodyNotWanted, .bodyTooLargeForMemory, .bodyTooSlow, .noRoomForBody,
            .malformedMessage:
            true
        default: false
        }
    }
}
