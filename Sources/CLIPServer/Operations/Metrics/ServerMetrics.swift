import CLIPEngine
import HTTPTypes
import Synchronization

/// The metrics of requests and connections.
///
/// Labels only have words of the server: routes of the table, methods of HTTP, statuses. All other values that clients
/// send are counted under a few fixed words, so that no client can create series without end.
package final class ServerMetrics: Sendable {
    private struct Kind: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Handles {
        let count: CounterSeries?
        let duration: HistogramSeries?
    }

    let registry: PrometheusMetrics
    private let handles = Mutex<[Kind: Handles]>([:])
    private let rejections: [APIError.Rejection: CounterSeries]
    private let received: CounterSeries?
    private let sent: CounterSeries?
    private let writing: HistogramSeries?
    private let searching: HistogramSeries?
    private let searches: CounterSeries?
    private let searchedPictures: CounterSeries?
    private let inFlight = Atomic(0)
    private let connections = Mutex<[ListenerPurpose: Int]>([:])

    package init(_ registry: PrometheusMetrics = PrometheusMetrics()) {
        self.registry = registry
        received = registry.counter(Self.receivedBytes.name)
        sent = registry.counter(Self.sentBytes.name)
        func stage(_ name: String) -> HistogramSeries? {
            registry.timer(
                EngineMetrics.stageDuration.name,
                [(EngineMetrics.stageDuration.labels[0], name)]
            )
        }
        (writing, searching) = (stage("write"), stage("search"))
        searches = registry.counter(Self.searches.name)
        searchedPictures = registry.counter(Self.searchedPictures.name)
        let rejected = EngineMetrics.rejected
        rejections = Dictionary(
            uniqueKeysWithValues: APIError.Rejection.allCases.compactMap { reason in
                registry.counter(rejected.name, [(rejected.labels[0], reason.rawValue)]).map { (reason, $0) }
            }
        )
    }

    // MARK: What happens

    /// Counts a request that has its answer.
    ///
    /// - Parameters:
    ///   - route: nil for a path without a route.
    ///   - method: nil if not even the head arrived.
    func note(
        route: Route?,
        method: HTTPRequest.Method?,
        status: Int,
        error: APIError?,
        bytes: Int,
        elapsed: Duration
    ) {
        let kind = Kind(
            route: method == nil ? "malformed" : route?.path ?? "unknown",
            method: Self.word(for: method),
            status: status
        )
        let handles = handles.withLock { handles in
            if let known = handles[kind] { return known }
            let new = makeHandles(for: kind)
            handles[kind] = new
            return new
        }
        handles.count?.increment(by: 1)
        handles.duration?.recordNanoseconds(elapsed.nanoseconds)
        if bytes > 0 { sent?.increment(by: Int64(bytes)) }
        if let reason = error?.rejection { rejections[reason]?.increment(by: 1) }
    }

    private func makeHandles(for kind: Kind) -> Handles {
        Handles(
            count: registry.counter(
                Self.requests.name,
                [("route", kind.route), ("method", kind.method), ("status", "\(kind.status)")]
            ),
            duration: registry.timer(Self.requestDuration.name, [("route", kind.route)])
        )
    }

    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]

    private static func word(for method: HTTPRequest.Method?) -> String {
        guard let method else { return "none" }
        return methods.contains(method.rawValue) ? method.rawValue : "other"
    }

    /// A request is in hand until ``finish()``.
    func begin() { inFlight.add(1, ordering: .relaxed) }

    /// Some of a body has come, whatever becomes of it.
    func noteReceived(bytes: Int) { received?.increment(by: Int64(bytes)) }

    func finish() { inFlight.subtract(1, ordering: .relaxed) }

    /// Records how long an answer took to be sent.
    func noteWritten(nanoseconds: Int64) { writing?.recordNanoseconds(nanoseconds) }

    /// Counts a search that found what there is.
    ///
    /// - Parameter pictures: how many were compared.
    func noteSearch(pictures: Int, time: Duration) {
        searches?.increment(by: 1)
        searchedPictures?.increment(by: Int64(pictures))
        searching?.recordNanoseconds(time.nanoseconds)
    }

    /// Counts a connection that was opened or closed.
    func noteConnection(at listener: ListenerPurpose, change: Int) {
        connections.withLock { $0[listener, default: 0] += change }
    }

    // MARK: What is asked for

    var requestsInFlight: Int { inFlight.load(ordering: .relaxed) }

    var openConnections: [ListenerPurpose: Int] { connections.withLock { $0 } }
}

extension ServerMetrics {
    static let requests = MetricDescription(
        "clip_http_requests_total",
        .counter,
        labels: ["route", "method", "status"],
        "Requests that were answered; route is unknown for all paths that are none of the server's, malformed for what is no request."
    )
    static let requestDuration = MetricDescription(
        "clip_http_request_duration_seconds",
        .histogram,
        labels: ["route"],
        "Time from a request's head to its answer, body and waiting included."
    )
    static let receivedBytes = MetricDescription(
        "clip_http_request_body_bytes_total",
        .counter,
        "Bytes of request bodies as they came, packed where they were, those of refused requests included."
    )
    static let sentBytes = MetricDescription(
        "clip_http_response_body_bytes_total",
        .counter,
        "Bytes of answers without their header fields."
    )

    static let searches = MetricDescription(
        "clip_searches_total",
        .counter,
        "Searches of the server's pictures that were answered."
    )
    static let searchedPictures = MetricDescription(
        "clip_searched_pictures_total",
        .counter,
        "Pictures that answered searches compared, each search counted by itself."
    )

    /// The metrics that are reported as events happen.
    static let descriptions = [
        requests, requestDuration, receivedBytes, sentBytes, searches, searchedPictures,
    ]
}
