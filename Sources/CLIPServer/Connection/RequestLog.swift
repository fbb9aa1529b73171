package import Logging

/// Writes one line a request, without payloads, without the query (which may have keys), and with paths only of routes
/// of the server.
///
/// The number of lines a second is limited for each status from 400 on, so that a crowd of refused requests neither
/// fills the disk nor holds up the event loops, which write the lines.
package struct RequestLog: Sendable {
    private let logger: Logger
    private let allowance = LogAllowance()

    package init(_ logger: Logger) {
        self.logger = logger
    }

    package func note(
        _ answer: Answer,
        route: Route?,
        method: String?,
        id: String,
        trace: @autoclosure () -> TraceParent? = nil,
        milliseconds: Double
    ) {
        let level: Logger.Level =
            switch answer.status {
            // A probe's answer while models are loaded is no error.
            case 503 where route?.state != nil: .debug
            case 500...: .error
            case 400...: .info
            default: .debug
            }
        guard level >= logger.logLevel else { return }
        guard let passedOver = answer.status < 400 ? 0 : allowance.take(answer.status) else { return }
        var metadata: Logger.Metadata = [
            "request": "\(id)", "status": .stringConvertible(answer.status),
            "ms": .stringConvertible(milliseconds),
        ]
        if let trace = trace() {
            metadata["trace"] = "\(trace.trace)"
            metadata["span"] = "\(trace.span)"
        }
        if let model = answer.model { metadata["model"] = "\(model)" }
        if let cause = answer.cause { metadata["cause"] = "\(cause)" }
        if passedOver > 0 { metadata["unlogged-before"] = .stringConvertible(passedOver) }
        // A client may send any word as the method, so only the route's methods are logged.
        let line =
            route.map { route in
                "\(method.map { route.methods.contains($0) ? $0 : "?" } ?? "?") \(route.path)"
            } ?? (method == nil ? "no request" : "no such route")
        logger.log(level: level, "\(line)", metadata: metadata)
    }
}
