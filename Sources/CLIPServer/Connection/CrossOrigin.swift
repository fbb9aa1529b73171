import HTTPTypes

/// What web pages of other origins may do (CORS), with the answers of Starlette's middleware on Roboflow's server.
struct CrossOrigin: Sendable {
    /// Origins that may read answers; `*` stands for all.
    let allowedOrigins: [String]

    private static let methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"]
    /// The list of Roboflow's server.
    private static let exposed =
        "X-Processing-Time, X-Remote-Processing-Time, X-Remote-Processing-Times, X-Model-Cold-Start, "
        + "X-Model-Cold-Start-Count, X-Model-Load-Time, X-Model-Load-Details, X-Model-Id, X-Workflow-Id, "
        + "X-Workspace-Id, X-Trace-Id, execution_id, traceparent, tracestate"

    /// What an answer to a preflight request depends on.
    private static let preflightVary =
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
        + "Access-Control-Request-Private-Network"

    private func allows(_ origin: String) -> Bool {
        allowedOrigins.contains("*") || allowedOrigins.contains(origin)
    }

    /// Whether a request from this origin may change the server.
    ///
    /// A page of any site can send a POST without a body to a server on its reader's own machine, without permission.
    /// Requests that no page sent have no origin.
    func allowsManagement(by origin: String?) -> Bool {
        origin == nil || names(origin)
    }

    /// Whether the list names this origin; `*`, which lets pages read, names none.
    func names(_ origin: String?) -> Bool {
        origin.map { $0 != "*" && allowedOrigins.contains($0) } ?? false
    }

    /// Whether the list names an origin with this host.
    func namesHost(_ host: String) -> Bool {
        allowedOrigins.contains { Self.authority(of: $0).map { $0 == host.lowercased() } ?? false }
    }

    /// Whether no page sent a request, as far as can be told, or one that this server serves.
    ///
    /// Browsers say what kind of request theirs is, unless it goes to another machine without encryption. What is left then is the
    /// origin, which they send along with whatever a page may read.
    func isOfThisServer(_ head: RequestHead) -> Bool {
        if let site = head.fields[.secFetchSite] { return site == "same-origin" || site == "none" }
        guard let origin = head.fields[.origin] else { return true }
        return Self.authority(of: origin).map { $0 == head.host?.lowercased() } ?? false
    }

    /// Host and port of an origin such as `https://example.com:8000`, in lower case.
    private static func authority(of origin: String) -> String? {
        origin.firstRange(of: "://").map { origin[$0.upperBound...].lowercased() }
    }

    /// Adds the fields to an answer that the request's origin may read.
    func extend(_ fields: inout HTTPFields, origin: String?) {
        fields[.vary] = fields[.vary].map { $0 + ", Origin" } ?? "Origin"
        guard let origin, allows(origin) else { return }
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlAllowCredentials] = "true"
        fields[.accessControlExposeHeaders] = Self.exposed
    }

    /// The answer to a preflight request: status, fields and text; nil for any other request.
    func preflight(_ request: HTTPRequest) -> (status: HTTPResponse.Status, fields: HTTPFields, text: String)?
    {
        guard request.method == .options, let origin = request.headerFields[.origin],
            let method = request.headerFields[.accessControlRequestMethod]
        else { return nil }
        var fields: HTTPFields = [.vary: Self.preflightVary, .contentType: "text/plain; charset=utf-8"]
        var refusals: [String] = []
        if allows(origin) {
            fields[.accessControlAllowOrigin] = origin
            fields[.accessControlAllowCredentials] = "true"
        } else {
            refusals.append("origin")
        }
        fields[.accessControlAllowMethods] = Self.methods.joined(separator: ", ")
        fields[.accessControlMaxAge] = "600"
        fields[.accessControlAllowHeaders] = request.headerFields[.accessControlRequestHeaders]
        if !Self.methods.contains(method) { refusals.append("method") }
        guard refusals.isEmpty else {
            return (.badRequest, fields, "Disallowed CORS " + refusals.joined(separator: ", "))
        }
        return (.ok, fields, "OK")
    }
}
