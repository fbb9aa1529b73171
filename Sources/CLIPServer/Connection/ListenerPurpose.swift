/// What a port is for, which decides what is answered there.
enum ListenerPurpose: String, CaseIterable, Sendable {
    /// Everything, to whom the guard lets in.
    case requests
    /// How the server is.
    case health
    /// What Prometheus scrapes, to everybody.
    case metrics

    /// Whether a route is answered at such a port.
    func answers(_ route: Route) -> Bool {
        switch self {
        case .requests: true
        case .health: route.state != nil
        case .metrics: route == Operations.metrics
        }
    }

    /// What its accepting thread is called.
    var threadName: String { self == .requests ? "accept" : "accept-\(rawValue)" }
}
