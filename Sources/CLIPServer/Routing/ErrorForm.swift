/// The form in which an API reports errors: the sentences are the same everywhere, and each API has its own body around
/// them.
package struct ErrorForm: Sendable {
    /// The schema of the body in the API's document.
    let schema: String
    /// The status of an error, where the API has another for it than we do.
    package let status: @Sendable (APIError) -> Int
    package let body: @Sendable (APIError) -> [UInt8]

    /// - Parameter status: the server's own statuses by default.
    init(
        _ schema: String,
        status: @escaping @Sendable (APIError) -> Int = { $0.status },
        body: @escaping @Sendable (APIError) -> [UInt8]
    ) {
        self.schema = schema
        self.status = status
        self.body = body
    }

    /// The form of this server's own routes: `{"detail": ...}` for fields, `{"message": ...}` for all else.
    static let own = ErrorForm("OwnError") { error in
        switch error.content {
        case .detail, .problems: error.body
        case .message, .unauthorized: JSONWriter.object { $0.member("message", error.sentence) }
        }
    }

    /// The form of Roboflow and of this server: `{"detail": ...}` or `{"message": ...}`; also for paths without a
    /// route.
    static let plain = ErrorForm("PlainError") { $0.body }
}
