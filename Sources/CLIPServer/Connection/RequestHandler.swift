import CLIPEngine
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// What the handler needs of a request's surroundings.
struct RequestSurroundings: InitializableFromSource, Sendable {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }

    /// Who asks: the address at the other end of the connection.
    ///
    /// Header fields that claim another are not believed: any client can send them.
    var client: String? { channel.remoteAddress?.ipAddress }
}

/// Between HTTP and the routes: reads the request, has it answered, and dresses the answer in header fields.
struct RequestHandler: HTTPResponder {
    let routes: Routes
    let crossOrigin: CrossOrigin
    let bodyCollector: BodyCollector
    /// The longest that a request may take once its body is there.
    let timeLimit: Duration
    let logger: Logger

    func respond(to request: Request, context: RequestSurroundings) async throws -> Response {
        let start = ContinuousClock.now
        let id = RequestIdentifier.choose(request.headers[.xRequestID])
        if let preflight = crossOrigin.preflight(request.head) {
            var fields = preflight.fields
            fields[.xRequestID] = id
            fields[.xInferenceEngine] = routes.identity.name
            fields[.xModelColdStart] = "false"
            fields[.xModelColdStartCount] = "0"
            return Response(
                status: preflight.status,
                headers: fields,
                body: ResponseBody(byteBuffer: ByteBuffer(string: preflight.text))
            )
        }
        var route: Route?
        let answer: Answer
        do {
            let known = try Route.of(method: request.method.rawValue, path: request.uri.path)
            route = known
            if known.isManagement, !crossOrigin.allowsManagement(by: request.headers[.origin]) {
                throw APIError.originNotAllowed
            }
            let limit = try RequestClock.limit(request.headers[.xRequestTimeout], within: timeLimit)
            let body = known.wantsBody ? try await bodyCollector.bytes(of: request) : []
            let deadline = ContinuousClock.now + limit
            let input = RouteInput(
                query: request.uri.query,
                contentType: request.headers[.contentType],
                body: body,
                terms: RequestTerms(deadline: deadline, client: context.client)
            )
            answer = try await whileClientWaits(on: context.channel, for: limit) {
                await routes.answer(of: known, to: input)
            }
        } catch let error as APIError {
            answer = Answer(error)
        }
        let elapsed = ContinuousClock.now - start
        log(answer, route: route, method: request.method, id: id, elapsed: elapsed)
        return response(to: request, answer: answer, id: id, elapsed: elapsed)
    }

    /// Runs `work` until it ends, its time is up or the client leaves; either of these cancels it.
    private func whileClientWaits(
        on channel: any Channel,
        for limit: Duration,
        _ work: @escaping @Sendable () async -> Answer
    ) async throws -> Answer {
        let presence = try await channel.pipeline.handler(type: ClientPresence.self).get()
        let task = Task { await work() }
        let expiry = RequestExpiry()
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) {
            expiry.come()
            task.cancel()
        }
        presence.whenGone { task.cancel() }
        defer {
            presence.stopWatching()
            timer.cancel()
        }
        let answer = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        // What was done just in time goes out all the same.
        guard expiry.hasCome, case .embedding(.cancelled, _) = answer.error else { return answer }
        return Answer(.tooLate, model: answer.model)
    }

    // MARK: Header fields

    private func response(to request: Request, answer: Answer, id: String, elapsed: Duration) -> Response {
        var fields = HTTPFields()
        fields[.contentType] = answer.contentType
        fields[.xRequestID] = id
        fields[.xInferenceEngine] = routes.identity.name
        fields[.serverTiming] = Self.serverTiming(answer.report?.timings, total: elapsed)
        fields[.xModelColdStart] = answer.report?.wasColdStart == true ? "true" : "false"
        fields[.xModelColdStartCount] = answer.report?.wasColdStart == true ? "1" : "0"
        if let model = answer.model {
            // The engine refuses names that could not stand in a header field.
            fields[.xModelID] = "clip/" + model
            if let loadTime = answer.report?.loadTime {
                let seconds = Self.milliseconds(loadTime) / 1000
                fields[.xModelLoadTime] = "\(seconds)"
                fields[.xModelLoadDetails] = #"[{"m": "clip/\#(model)", "t": \#(seconds)}]"#
            }
        }
        if case .methodNotAllowed(let allowed) = answer.error {
            fields[.allow] = allowed.joined(separator: ", ")
        }
        if let seconds = answer.error?.retryAfter { fields[.retryAfter] = "\(seconds)" }
        if answer.error?.closesConnection == true || !routes.isAccepting() { fields[.connection] = "close" }
        crossOrigin.extend(&fields, origin: request.headers[.origin])
        let response = Response(
            status: .init(code: answer.status),
            headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// Such as `decode;dur=3.1, forward;dur=40.2, total;dur=44`, in milliseconds.
    private static func serverTiming(_ timings: StageTimings?, total: Duration) -> String {
        var stages: [(String, Duration)] = []
        if let timings {
            stages = [
                ("fetch", timings.fetch), ("decode", timings.decode), ("tokenize", timings.tokenize),
                ("queue", timings.queue), ("forward", timings.forward),
            ]
        }
        return (stages + [("total", total)])
            .map { "\($0.0);dur=\(milliseconds($0.1))" }
            .joined(separator: ", ")
    }

    /// Rounded to microseconds.
    private static func milliseconds(_ duration: Duration) -> Double {
        (duration / .microseconds(1)).rounded() / 1000
    }

    // MARK: Log

    /// One line a request: no payloads, no query (keys stand there), no paths but those of our own routes.
    private func log(
        _ answer: Answer,
        route: Route?,
        method: HTTPRequest.Method,
        id: String,
        elapsed: Duration
    ) {
        var metadata: Logger.Metadata = [
            "request": "\(id)", "status": "\(answer.status)", "ms": "\(Self.milliseconds(elapsed))",
        ]
        if let model = answer.model { metadata["model"] = "\(model)" }
        if let cause = answer.error?.cause { metadata["cause"] = "\(cause)" }
        // A method is any word that a client likes.
        let line = "\(route.map { "\(method.rawValue) \($0.rawValue)" } ?? "no such route")"
        switch answer.status {
        // What a probe hears while models are loaded is no error.
        case 503 where route == .readiness: logger.debug("\(line)", metadata: metadata)
        case 500...: logger.error("\(line)", metadata: metadata)
        case 400...: logger.info("\(line)", metadata: metadata)
        default: logger.debug("\(line)", metadata: metadata)
        }
    }
}

extension HTTPField.Name {
    /// Builds a name from one of the literals below.
    private static func own(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name.") }
        return name
    }

    static let xRequestID = own("x-request-id")
    static let xRequestTimeout = own("x-request-timeout")
    static let xInferenceEngine = own("x-inference-engine")
    static let xModelID = own("x-model-id")
    static let xModelColdStart = own("x-model-cold-start")
    static let xModelColdStartCount = own("x-model-cold-start-count")
    static let xModelLoadTime = own("x-model-load-time")
    static let xModelLoadDetails = own("x-model-load-details")
    static let serverTiming = own("server-timing")
}
