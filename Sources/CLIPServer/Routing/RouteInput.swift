package import CLIPEngine

/// The part of a request that a route uses.
package struct RouteInput: Sendable {
    /// The part of the target after the question mark.
    package let query: String?
    package let contentType: String?
    /// What stands in the path where the route's has a name in braces, or the slashes that stand behind the route's.
    package let rest: String?
    /// The types that the client accepts, from its Accept field.
    package let accept: String?
    /// What the client has already, from its If-None-Match fields.
    package let kept: [String]
    package let body: [UInt8]
    /// The reservation that counts the body.
    package let room: ByteReservation?
    /// The keys, one of which the body has to contain; nil if the head had one already, or none is needed.
    package let keys: APIKeys?
    /// Whether one of the server's operators sent it, as far as is known.
    package let isOperators: Bool
    /// The client, its deadline and what it holds.
    package let terms: RequestTerms

    package init(
        query: String? = nil,
        contentType: String? = nil,
        rest: String? = nil,
        accept: String? = nil,
        kept: [String] = [],
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
        self.kept = kept
        self.body = body
        self.room = room
        self.keys = keys
        self.isOperators = isOperators
        self.terms = terms
    }
}
