/// The purpose of a port, which decides the routes that it answers.
enum ListenerPurpose: String, CaseIterable, Sendable {
    /// All routes, for clients that the guard lets in.
    case requests
    /// The state of the server.
    case health
    /// Prometheus' metrics, for everybody.
    case metrics

    /// Whether a route is answered on such a port.
    func answers(_ route: Route) -> Bool {
        switch self {
        case .requests: true
        case .health: route.state != nil
        case .metrics: route == Operations.metrics
        }
    }

    /// The name of its accepting thread.
    var threadName: String { self == .requests ? "accept" : "accept-\(rawValue)" }
}
