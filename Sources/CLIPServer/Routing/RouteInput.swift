package import CLIPEngine

/// What a route sees of a request.
package struct RouteInput: Sendable {
    /// What stands behind the question mark.
    package let query: String?
    package let contentType: String?
    /// What stands in the path where the route's has a name in braces.
    package let rest: String?
    /// The kinds of answers that the sender would like, as its header says.
    package let accept: String?
    package let body: [UInt8]
    /// What keeps the body counted in the engine's budget.
    package let room: ByteReservation?
    /// The keys of which the body has to have one; nil where the head had one already, or none is wanted.
    package let keys: APIKeys?
    /// Whether one of the server's operators sent it, as far as is known.
    package let isOperators: Bool
    /// Who asks, and until when.
    package let terms: RequestTerms

    package init(
        query: String? = nil,
        contentType: String? = nil,
        rest: String? = nil,
        accept: String? = nil,
        body: [UInt8] = [],
        room: ByteReservation? = nil,
        keys: APIKeys? = nil,
        isOperators: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) {
        self.query = query
        self.contentType = contentType
        self.rest = rest
        self.accept = accept
        self.body = body
        self.room = room
        self.keys = keys
        self.isOperators = isOperators
        self.terms = terms
    }
}
