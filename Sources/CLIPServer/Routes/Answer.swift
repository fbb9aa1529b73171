package import CLIPEngine

/// What goes back for a request, before it becomes HTTP.
package struct Answer: Sendable {
    package var status = 200
    package var contentType = "application/json"
    package var body: [UInt8]
    /// The model that answered, or that would have.
    package var model: String?
    /// What the answer cost.
    package var report: RequestReport?
    /// What keeps a long body counted in the engine's budget until it has been read.
    package var room: ByteReservation?
    /// What went wrong.
    package var error: APIError?

    package init(_ body: [UInt8]) {
        self.body = body
    }

    /// The answer that tells of an error.
    package init(_ error: APIError, model: String? = nil) {
        status = error.status
        body = error.body
        self.error = error
        self.model = model
    }
}
