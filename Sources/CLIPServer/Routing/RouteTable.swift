/// All routes.
///
/// Every shape has a list of its own; a new one is a line here.
package enum RouteTable {
    /// The routes in the order in which `/` lists them.
    package static let all: [Route] =
        RoboflowRoutes.all + ClassificationRoutes.all + OpenAIRoutes.all + TEIRoutes.all
        + WeaviateRoutes.all + KServeRoutes.all + PageRoutes.all + DocumentRoutes.all + Operations.all

    private static let routes: [String: Route] = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    /// The routes whose paths end with a name that the client chooses.
    private static let open: [(start: String, route: Route)] = all.compactMap { route in
        route.start.map { ($0, route) }
    }

    /// The limit in bytes: no path of a route is longer, even with the longest name of a model.
    private static let longest = 1200

    /// A route that a path matches.
    package struct Match: Sendable {
        package let route: Route
        /// The end of the path, if the route's path ends with a name in braces.
        package let rest: String?
    }

    /// The route of a path, which may have percent escapes and a slash at its end; nil if there is none.
    package static func match(_ path: String) -> Match? {
        var path = PercentEncoding.decoded(path)
        // Looking up a long text can take minutes, and this is an event loop.
        guard path.utf8.count <= longest else { return nil }
        if let route = routes[path] { return Match(route: route, rest: nil) }
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        if path != "/", let route = routes[path] { return Match(route: route, rest: nil) }
        for (start, route) in open where path.hasPrefix(start) && path.utf8.count > start.utf8.count {
            return Match(route: route, rest: String(path.dropFirst(start.count)))
        }
        return nil
    }

    /// Refuses a method that a route, or an unknown path, does not answer.
    ///
    /// - Throws: 404 for GET or HEAD of an unknown path; 405 for a wrong method of a known path, and, as on Roboflow's
    ///   server, whose files are mounted under every path, for other methods of unknown paths.
    package static func check(_ method: String, at route: Route?) throws(APIError) {
        guard let route else {
            let isRead = method == "GET" || method == "HEAD"
            throw isRead ? .notFound : .methodNotAllowed(allowed: ["GET", "HEAD"])
        }
        guard route.methods.contains(method) else { throw .methodNotAllowed(allowed: route.methods) }
    }
}
