/// One way into the server: where it is asked for, what is let in there, who answers, and in what form a mistake is told.
package struct Route: Sendable {
    /// What a route is for, as far as it decides whom it is open to.
    package enum Purpose: Sendable {
        /// What the server is there for: with a key, where there are keys.
        case use
        /// What anybody may know.
        case open
        /// What changes what the server holds.
        case management
    }

    /// The path of a request line, without percent escapes; a name in braces at its end, as in `/v1/models/{model}`, stands for
    /// whatever the sender has there, slashes included.
    package let path: String
    package let methods: [String]
    package let purpose: Purpose
    package let wantsBody: Bool
    /// How mistakes are told here.
    let errors: ErrorForm
    let answer: @Sendable (RouteContext, RouteInput) async throws(APIError) -> Answer
    /// The same for one that asks how the server is: it waits for nothing, and is answered at the health port, too.
    let state: (@Sendable (RouteContext) -> Answer)?

    init(
        _ path: String,
        _ methods: [String],
        purpose: Purpose = .use,
        wantsBody: Bool = false,
        errors: ErrorForm = .plain,
        answer: @escaping @Sendable (RouteContext, RouteInput) async throws(APIError) -> Answer
    ) {
        self.path = path
        self.methods = methods
        self.purpose = purpose
        self.wantsBody = wantsBody
        self.errors = errors
        self.answer = answer
        state = nil
    }

    /// A route that asks how the server is.
    init(probe path: String, state: @escaping @Sendable (RouteContext) -> Answer) {
        self.path = path
        methods = ["GET", "HEAD"]
        (purpose, wantsBody, errors) = (.open, false, .plain)
        self.state = state
        answer = { (context, _) throws(APIError) in state(context) }
    }

    /// What paths of a route begin with that ends in a name of the sender's; nil for others.
    var start: String? {
        path.hasSuffix("}") ? path.lastIndex(of: "{").map { String(path[..<$0]) } : nil
    }
}

extension Route: Equatable {
    package static func == (one: Route, other: Route) -> Bool { one.path == other.path }
}
