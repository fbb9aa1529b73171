/// All routes.
///
/// Each shape brings its own; a new one is a line in ``shapes``, and nothing else in the server names one.
package enum RouteTable {
    /// In the order in which `/` lists their routes, and the API's document their descriptions.
    package static let shapes: [Shape] = [
        RoboflowRoutes.shape, ClassificationRoutes.shape, ImageSearchRoutes.shape, OpenAIRoutes.shape,
        TEIRoutes.shape, WeaviateRoutes.shape, KServeRoutes.shape, PageRoutes.shape, DocumentRoutes.shape,
        Operations.shape,
    ]

    /// The routes in the order in which `/` lists them.
    package static let all: [Route] = shapes.flatMap(\.routes)

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
        /// What stands in the path where the route's has a name in braces, or the slashes that stand behind the route's.
        package let rest: String?
    }

    /// The route of a path, which may have percent escapes and a slash at its end; nil if there is none.
    package static func match(_ path: String) -> Match? {
        var path = PercentEncoding.decoded(path)
        // Looking up a long text can take minutes, and this is an event loop.
        guard path.utf8.count <= longest else { return nil }
        if let route = routes[path] { return Match(route: route, rest: nil) }
        let whole = path.utf8.count
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        if path != "/", let route = routes[path] {
            return Match(route: route, rest: String(repeating: "/", count: whole - path.utf8.count))
        }
        for (start, route) in open where path.hasPrefix(start) && path.utf8.count > start.utf8.count {
            return Match(route: route, rest: String(path.dropFirst(start.count)))
        }
        return nil
    }

    /// The form of mistakes at a path of no route that begins as one shape's paths do; nil for others.
    package static func form(below path: String) -> ErrorForm? {
        shapes.first { $0.start.map { path.utf8.starts(with: $0.utf8) } ?? false }?.errors
    }

    /// Refuses a method that is not answered at a route, or at a path that is none's.
    ///
    /// - Parameter form: how mistakes are told at the path, where it is of no route and yet of a shape.
    /// - Throws: 404 for an unknown path asked for with GET or HEAD; 405 for the wrong method of a known path and, as
    ///   with Roboflow's server, whose files are mounted beneath every path, for other methods of unknown ones. An unknown path of
    ///   another shape is not found, whatever the method.
    package static func check(
        _ method: String,
        at route: Route?,
        below form: ErrorForm? = nil
    ) throws(APIError) {
        guard let route else {
            guard form == nil else { throw .notFound }
            let isRead = method == "GET" || method == "HEAD"
            throw isRead ? .notFound : .methodNotAllowed(allowed: ["GET", "HEAD"])
        }
        guard route.methods.contains(method) else { throw .methodNotAllowed(allowed: route.methods) }
    }
}
