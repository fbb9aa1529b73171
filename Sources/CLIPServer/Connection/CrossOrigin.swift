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
        // `*` in the list only lets pages read; it never matches a page whose origin is the text `*`.
        origin.map { $0 != "*" && allowedOrigins.contains($0) } ?? true
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
