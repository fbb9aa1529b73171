/// All routes.
///
/// Every shape has a list of its own; a new one is a line here.
package enum RouteTable {
    /// In the order in which `/` lists them.
    package static let all: [Route] =
        RoboflowRoutes.all + ClassificationRoutes.all + OpenAIRoutes.all + TEIRoutes.all
        + WeaviateRoutes.all + KServeRoutes.all + PageRoutes.all + DocumentRoutes.all + Operations.all

    private static let routes: [String: Route] = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    /// Those whose paths end in a name that the sender chooses.
    private static let open: [(start: String, route: Route)] = all.compactMap { route in
        route.start.map { ($0, route) }
    }

    /// More bytes than a path of ours has with the longest name of a model.
    private static let longest = 1200

    /// A route as a request line has it.
    package struct Match: Sendable {
        package let route: Route
        /// What stands in the path where the route's has a name in braces.
        package let rest: String?
    }

    /// The route of a path that may have percent escapes, and a slash at its end; nil where there is none.
    package static func match(_ path: String) -> Match? {
        var path = PercentEncoding.decoded(path)
        // Looking up a text takes long where it is long and odd, and this is an event loop.
        guard path.utf8.count <= longest else { return nil }
        if let route = routes[path] { return Match(route: route, rest: nil) }
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        if path != "/", let route = routes[path] { return Match(route: route, rest: nil) }
        for (start, route) in open where path.hasPrefix(start) && path.utf8.count > start.utf8.count {
            return Match(route: route, rest: String(path.dropFirst(start.count)))
        }
        return nil
    }

    /// Refuses a method that is not answered at a route, or at a path that is none's.
    ///
    /// - Throws: 404 for an unknown path asked for with GET or HEAD; 405 for the wrong method of a known path and, as
    ///   with Roboflow's server, whose files are mounted beneath every path, for other methods of unknown ones.
    package static func check(_ method: String, at route: Route?) throws(APIError) {
        guard let route else {
            let isRead = method == "GET" || method == "HEAD"
            throw isRead ? .notFound : .methodNotAllowed(allowed: ["GET", "HEAD"])
        }
        guard route.methods.contains(method) else { throw .methodNotAllowed(allowed: route.methods) }
    }
}
