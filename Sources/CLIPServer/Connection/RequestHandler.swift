import CLIPEngine
import HTTPTypes
import NIOCore

/// The surroundings of a request.
struct RequestSurroundings: Sendable {
    /// The event loop for the request's timers.
    let eventLoop: any EventLoop
    /// The client: the address at the other end of the connection.
    ///
    /// Header fields that name another address are ignored, because any client can send them.
    let client: String?
    /// Whether it is the server that ends what is in hand.
    let cut: CutMark
}

/// A request with its complete body.
struct ReceivedRequest: Sendable {
    let visit: RequestHandler.Visit
    let body: [UInt8]
    /// The reservation that counts the body.
    let room: ByteReservation?
}

/// Connects HTTP and the routes: admits requests, has them answered, and adds header fields to the answers.
struct RequestHandler: Sendable {
    let routes: RouteContext
    let crossOrigin: CrossOrigin
    let access: AccessGuard
    let unpacker: BodyUnpacker
    /// The time limit of a request once its body is complete.
    let timeLimit: Duration
    /// Whether connections stay open after an answer; false once the server is stopping.
    let keepsConnections: @Sendable () -> Bool
    let log: RequestLog

    var metrics: ServerMetrics { routes.metrics }

    /// An admitted request, with what its head says.
    struct Visit: Sendable {
        let head: RequestHead
        let route: Route
        /// What stands in the path where the route's has a name in braces, or the slashes that stand behind the route's.
        let rest: String?
        let id: String
        let start: ContinuousClock.Instant
        let client: String?
        let passage: AccessGuard.Passage
        let limit: Duration
        let encoding: BodyEncoding

        var wantsBody: Bool { route.wantsBody }
    }

    /// What the head alone decides about a request.
    enum Admission: Sendable {
        case answered(ServerResponse)
        case taken(Visit)
    }

    /// Answers a request if its head is enough, such as a health check, and admits others.
    ///
    /// It runs on an event loop, so it is quick and never waits.
    func admit(_ head: RequestHead, client: String?, at listener: ListenerPurpose) -> Admission {
        let start = ContinuousClock.now
        let id = RequestIdentifier.choose(head.fields[.xRequestID])
        if let preflight = crossOrigin.preflight(head.request) {
            var fields = preflight.fields
            fields[.xRequestID] = id
            fields[.xInferenceEngine] = routes.identity.name
            fields[.xModelColdStart] = "false"
            fields[.xModelColdStartCount] = "0"
            fields[.server] = routes.identity.name
            let body = Array(preflight.text.utf8)
            metrics.note(
                route: RouteTable.match(head.path)?.route,
                method: head.method,
                status: preflight.status.code,
                error: nil,
                bytes: body.count,
                elapsed: ContinuousClock.now - start
            )
            return .answered(ServerResponse(status: preflight.status.code, fields: fields, body: body))
        }
        let match = RouteTable.match(head.path)
        let form = match == nil ? RouteTable.form(below: head.path) : nil
        do throws(APIError) {
            try RouteTable.check(head.method.rawValue, at: match?.route, below: form)
            guard let match else { throw .notFound }
            let known = match.route
            guard listener.answers(known) else { throw .notFound }
            if let probe = routes.probe(known) {
                return .answered(finish(probe, head: head, route: known, id: id, start: start))
            }
            let passage = try access.check(head, for: known)
            let visit = Visit(
                head: head,
                route: known,
                rest: match.rest,
                id: id,
                start: start,
                client: client,
                passage: passage,
                limit: try RequestClock.limit(head.fields[.xRequestTimeout], within: timeLimit),
                encoding: known.wantsBody
                    ? try BodyEncoding(head.fields[values: .contentEncoding]) : .identity
            )
            return .taken(visit)
        } catch {
            return .answered(
                finish(Answer(error), head: head, route: match?.route, in: form, id: id, start: start)
            )
        }
    }

    /// The answer to an admitted request with its complete body.
    func respond(to request: ReceivedRequest, context: RequestSurroundings) async -> ServerResponse {
        let visit = request.visit
        metrics.begin()
        defer { metrics.finish() }
        let deadline = ContinuousClock.now + visit.limit
        let answer = await whileClientWaits(in: context, for: visit.limit) {
            var (body, room) = (request.body, request.room)
            // The compressed bytes stay in memory to the end as well.
            let packedBytes = visit.encoding == .packed ? room?.byteCount ?? 0 : 0
            if visit.encoding == .packed {
                do throws(APIError) {
                    (body, room) = try await unpacker.unpack(
                        body,
                        held: packedBytes,
                        client: context.client
                    )
                } catch {
                    return Answer(error)
                }
            }
            let input = RouteInput(
                query: visit.head.query,
                contentType: visit.head.fields[.contentType],
                rest: visit.rest,
                accept: visit.head.fields[.accept],
                kept: visit.head.fields[values: .ifNoneMatch],
                body: body,
                room: room,
                keys: visit.passage == .needsKeyInBody ? access.keys : nil,
                isOperators: visit.route.purpose == .management && access.knowsOperators,
                terms: RequestTerms(
                    deadline: deadline,
                    client: context.client,
                    heldBytes: (room?.byteCount ?? 0) + packedBytes
                )
            )
            return await routes.answer(of: visit.route, to: input)
        }
        return finish(answer, head: visit.head, route: visit.route, id: visit.id, start: visit.start)
    }

    /// What a request is told that is given up before its body is there; nil where there is not even a head.
    func response(to visit: Visit?, error: APIError) -> ServerResponse {
        finish(
            Answer(error),
            head: visit?.head,
            route: visit?.route,
            id: visit?.id ?? RequestIdentifier.choose(nil),
            start: visit?.start ?? .now
        )
    }

    /// Runs `work` until it ends, its time is up or the client leaves; both of the latter cancel it.
    ///
    /// What does not listen to that ends by itself, with what it holds, while the client is told already. The connection
    /// cancels the calling task when the client leaves, or when the server cuts off what is in hand.
    private func whileClientWaits(
        in surroundings: RequestSurroundings,
        for limit: Duration,
        _ work: @escaping @Sendable () async -> Answer
    ) async -> Answer {
        let first = FirstAnswer()
        let task = Task { first.offer(await work()) }
        let timer = surroundings.eventLoop.scheduleTask(in: TimeAmount(limit)) {
            first.offer(Answer(.tooLate(limit: limit)))
            task.cancel()
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await first.answer()
        } onCancel: {
            let isCut = surroundings.cut.isSet
            first.offer(Answer(.embedding(isCut ? .shuttingDown : .cancelled, place: nil)))
            task.cancel()
        }
    }

    /// Logs an answer and dresses it.
    ///
    /// - Parameter form: how a mistake is told where there is no route.
    private func finish(
        _ answer: Answer,
        head: RequestHead?,
        route: Route?,
        in form: ErrorForm? = nil,
        id: String,
        start: ContinuousClock.Instant
    ) -> ServerResponse {
        let elapsed = ContinuousClock.now - start
        let answer = answer.told(in: route?.errors ?? form ?? .plain)
            .unlessKept(head?.fields[values: .ifNoneMatch] ?? [])
        log.note(
            answer,
            route: route,
            method: head?.method.rawValue,
            id: id,
            trace: TraceParent(head?.fields[values: .traceparent] ?? []),
            milliseconds: Self.milliseconds(elapsed)
        )
        metrics.note(
            route: route,
            method: head?.method,
            status: answer.status,
            error: answer.error,
            bytes: head?.method == .head || answer.status == 304 ? 0 : answer.body.count,
            elapsed: elapsed
        )
        return response(to: head, answer: answer, id: id, elapsed: elapsed)
    }

    // MARK: Header fields

    private func response(
        to head: RequestHead?,
        answer: Answer,
        id: String,
        elapsed: Duration
    ) -> ServerResponse {
        var fields = answer.fields
        if !answer.body.isEmpty { fields[.contentType] = answer.contentType }
        fields[.eTag] = answer.tag.map { "\"\($0)\"" }
        fields[.server] = routes.identity.name
        fields[.xRequestID] = id
        fields[.xInferenceEngine] = routes.identity.name
        fields[.serverTiming] = Self.serverTiming(answer.report?.timings, total: elapsed)
        fields[.xModelColdStart] = answer.loadTime == nil ? "false" : "true"
        fields[.xModelColdStartCount] = answer.loadTime == nil ? "0" : "1"
        if let modelID = answer.modelID {
            // The engine only accepts names that fit into a header field.
            fields[.xModelID] = modelID
            if let loadTime = answer.loadTime {
                let seconds = Self.milliseconds(loadTime) / 1000
                fields[.xModelLoadTime] = "\(seconds)"
                fields[.xModelLoadDetails] = #"[{"m": "\#(modelID)", "t": \#(seconds)}]"#
            }
        }
        if case .methodNotAllowed(let allowed) = answer.error {
            fields[.allow] = allowed.joined(separator: ", ")
        }
        if let seconds = answer.error?.retryAfter { fields[.retryAfter] = "\(seconds)" }
        if answer.status == 401 { fields[.wwwAuthenticate] = "Bearer" }
        crossOrigin.extend(&fields, origin: head?.fields[.origin])
        return ServerResponse(
            status: answer.status,
            fields: fields,
            body: answer.body,
            closes: answer.error?.closesConnection == true || !keepsConnections(),
            isHead: head?.method == .head || answer.status == 304,
            room: answer.room
        )
    }

    /// The value of Server-Timing, such as `decode;dur=3.1, forward;dur=40.2, total;dur=44`, in milliseconds.
    private static func serverTiming(_ timings: StageTimings?, total: Duration) -> String {
        var stages: [(String, Duration)] = []
        if let timings {
            stages = [
                ("fetch", timings.fetch), ("decode", timings.decode), ("tokenize", timings.tokenize),
                ("queue", timings.queue), ("forward", timings.forward), ("rank", timings.rank),
            ]
            // Of the few requests that search.
            if timings.search > .zero { stages.append(("search", timings.search)) }
        }
        return (stages + [("total", total)])
            .map { "\($0.0);dur=\(milliseconds($0.1))" }
            .joined(separator: ", ")
    }

    /// Milliseconds, rounded to microseconds.
    private static func milliseconds(_ duration: Duration) -> Double {
        (duration / .microseconds(1)).rounded() / 1000
    }
}

extension HTTPField.Name {
    /// A field name from one of the literals below.
    static func own(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name.") }
        return name
    }

    static let hostName = own("host")
    static let xRequestID = own("x-request-id")
    static let xRequestTimeout = own("x-request-timeout")
    static let xInferenceEngine = own("x-inference-engine")
    static let xModelID = own("x-model-id")
    static let xModelColdStart = own("x-model-cold-start")
    static let xModelColdStartCount = own("x-model-cold-start-count")
    static let xModelLoadTime = own("x-model-load-time")
    static let xModelLoadDetails = own("x-model-load-details")
    static let serverTiming = own("server-timing")
    static let traceparent = own("traceparent")
    static let secFetchSite = own("sec-fetch-site")
}
