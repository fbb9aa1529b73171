package import Logging

/// One line a request: no payloads, no query (keys stand there), no paths but those of our own routes.
///
/// Of each status from 400 on only so many lines a second are written: a crowd of refused requests must not fill the disk, nor
/// hold up the event loops that write.
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
            // What a probe hears while models are loaded is no error.
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
        // A method is any word that a client likes, unless the route has it.
        let line =
            route.map { route in
                "\(method.map { route.methods.contains($0) ? $0 : "?" } ?? "?") \(route.path)"
            } ?? (method == nil ? "no request" : "no such route")
        logger.log(level: level, "\(line)", metadata: metadata)
    }
}
