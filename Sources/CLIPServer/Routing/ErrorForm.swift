/// How an API's clients want to be told of mistakes: the same sentences everywhere, each ecosystem's body around them.
package struct ErrorForm: Sendable {
    /// What the API's document calls the body.
    let schema: String
    /// The status of an error, where the API has another for it than we do.
    let status: @Sendable (APIError) -> Int
    let body: @Sendable (APIError) -> [UInt8]

    /// - Parameter status: our own by default.
    init(
        _ schema: String,
        status: @escaping @Sendable (APIError) -> Int = { $0.status },
        body: @escaping @Sendable (APIError) -> [UInt8]
    ) {
        self.schema = schema
        self.status = status
        self.body = body
    }

    /// Roboflow's and ours: `{"detail": ...}` or `{"message": ...}`; also where a path is none of any shape.
    static let plain = ErrorForm("PlainError") { $0.body }
}
