/// All routes.
///
/// Every shape has a list of its own; a new one is a line here.
package enum RouteTable {
    /// In the order in which `/` lists them.
    package static let all: [Route] = RoboflowRoutes.all + Operations.all

    private static let routes: [String: Route] = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

    /// The route of a request line, whose path may have percent escapes.
    ///
    /// - Throws: 404 for an unknown path asked for with GET or HEAD; 405 for the wrong method of a known path and, as
    ///   with Roboflow's server, whose files are mounted beneath every path, for other methods of unknown ones.
    package static func route(method: String, path: String) throws(APIError) -> Route {
        guard let route = routes[PercentEncoding.decoded(path)] else {
            let isRead = method == "GET" || method == "HEAD"
            throw isRead ? .notFound : .methodNotAllowed(allowed: ["GET", "HEAD"])
        }
        guard route.methods.contains(method) else { throw .methodNotAllowed(allowed: route.methods) }
        return route
    }
}
