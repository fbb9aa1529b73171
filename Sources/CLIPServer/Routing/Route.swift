/// One route: its path and methods, who may use it, the code that answers, and the form of its errors.
package struct Route: Sendable {
    /// The purpose of a route, which decides who may use it.
    package enum Purpose: Sendable {
        /// The server's work: needs a key, if keys are set.
        case use
        /// The operator's own pictures: needs a key, if keys are set, and is for no page of a stranger.
        case pictures
        /// Information for everybody.
        case open
        /// Changes to the server.
        case management
    }

    /// The path without percent escapes; a name in braces at its end, as in `/v1/models/{model}`, stands for any text,
    /// including slashes.
    package let path: String
    package let methods: [String]
    package let purpose: Purpose
    package let wantsBody: Bool
    /// The form of errors: that of the route's shape.
    private(set) var errors = ErrorForm.plain
    let answer: @Sendable (RouteContext, RouteInput) async throws(APIError) -> Answer
    /// The answer of a route about the server's state: it never waits, and the health port answers it, too.
    let state: (@Sendable (RouteContext) -> Answer)?

    init(
        _ path: String,
        _ methods: [String],
        purpose: Purpose = .use,
        wantsBody: Bool = false,
        answer: @escaping @Sendable (RouteContext, RouteInput) async throws(APIError) -> Answer
    ) {
        self.path = path
        self.methods = methods
        self.purpose = purpose
        self.wantsBody = wantsBody
        self.answer = answer
        state = nil
    }

    /// A route about the server's state.
    init(probe path: String, state: @escaping @Sendable (RouteContext) -> Answer) {
        self.path = path
        methods = ["GET", "HEAD"]
        (purpose, wantsBody) = (.open, false)
        self.state = state
        answer = { (context, _) throws(APIError) in state(context) }
    }

    /// This route, with errors in the form that the API's clients expect.
    func told(in form: ErrorForm) -> Route {
        var route = self
        route.errors = form
        return route
    }

    /// The fixed beginning of a path that ends with a name in braces; nil for other paths.
    var start: String? {
        path.hasSuffix("}") ? path.lastIndex(of: "{").map { String(path[..<$0]) } : nil
    }
}

extension Route: Equatable {
    package static func == (one: Route, other: Route) -> Bool { one.path == other.path }
}
