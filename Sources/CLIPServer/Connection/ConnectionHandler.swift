import CLIPEngine
import HTTPTypes
import NIOCore

/// What all connections of a listener share.
struct ConnectionService: Sendable {
    let handler: RequestHandler
    let table: ConnectionTable
    let limits: ConnectionLimits
    let budget: ByteBudget
    let date = HTTPDate()
    let loops: EventLoops
    let purpose: ListenerPurpose

    /// The event that ends a connection when the time for finishing requests is over.
    struct Cut: Sendable {}
}

/// One connection: it receives requests one after the other, has each answered, and enforces the limits on what a
/// client may hold and for how long.
///
/// All code here runs on the connection's event loop and takes little time, so that health checks, which are answered
/// here, never wait for other requests. Requests are answered in tasks; meanwhile the connection does not read.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase: Equatable {
        /// Between requests.
        case idle
        /// Within a head.
        case head
        /// Waiting for room for a body.
        case room
        /// Within a body.
        case body
        /// A request is being answered.
        case busy
        /// An answer is being sent.
        case sending
        /// The last answer has been sent, and the client gets time to read it.
        case lingering
        case closed
    }

    let service: ConnectionService
    var decoder = RequestDecoder()
    var phase = Phase.idle
    private var phaseStart = NIODeadline.now()
    var lastArrival = NIODeadline.now()
    /// The bytes that were read, of all requests.
    private var received: UInt64 = 0
    /// When the body began, not counting the time of waiting for room.
    private var bodyStart = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var timerDue = NIODeadline.distantFuture
    private var holdsRead = false

    /// The request that is being received or answered.
    var head: RequestHead?
    var intake: BodyIntake?
    var visit: RequestHandler.Visit?
    /// The answer to send once an unwanted body has been discarded.
    var refusal: ServerResponse?
    /// A part of a body that waits for room.
    var pending: ByteBuffer?
    var roomTask: Task<Void, Never>?
    var task: Task<Void, Never>?
    /// The number of the current request, by which events of earlier ones are recognised.
    var turn = 0

    var sending = AnswerInTransit()
    /// Whether the current answer is the last one on this connection.
    var isLast = false
    var isQuiescing = false
    let cutMark = CutMark()
    var isProcessing = false
    /// Whether other connections of the event loop have a turn before this one continues.
    var isResting = false

    init(service: ConnectionService) {
        self.service = service
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) {
        service.table.enter(context.channel)
        service.handler.metrics.noteConnection(at: service.purpose, change: 1)
        schedule(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end(_ context: ChannelHandlerContext) {
        guard phase != .closed else { return }
        phase = .closed
        timer?.cancel()
        timer = nil
        service.table.leave(context.channel)
        service.handler.metrics.noteConnection(at: service.purpose, change: -1)
        task?.cancel()
        roomTask?.cancel()
        (task, roomTask, intake, pending, visit, refusal) = (nil, nil, nil, nil, nil, nil)
        sending = AnswerInTransit()
        decoder.clear()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed:
            // A client that has closed its sending side is treated as gone, as by most servers.
            switch phase {
            case .idle, .head, .room, .body, .lingering, .closed: context.close(promise: nil)
            case .busy:
                isLast = true
                task?.cancel()
            case .sending: isLast = true
            }
        case is ChannelShouldQuiesceEvent: quiesce(context)
        case let event as ConnectionTable.Eviction: makeWay(context, wasIdle: event.wasIdle)
        case is ConnectionService.Cut: cut(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// Prepares for the server's end: requests that have begun are finished, and those that are just arriving get a
    /// moment.
    private func quiesce(_ context: ChannelHandlerContext) {
        guard !isQuiescing else { return }
        isQuiescing = true
        guard phase == .idle else { return }
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: ConnectionLimits.grace) {
            let (handler, context) = handler.value
            if handler.phase == .idle { context.close(promise: nil) }
        }
    }

    /// Closes the connection to make room for others, unless a request has come since it was chosen.
    private func makeWay(_ context: ChannelHandlerContext, wasIdle: Bool) {
        switch phase {
        case .busy: service.table.stays(context.channel)
        case .head where wasIdle, .body where wasIdle, .room where wasIdle:
            service.table.stays(context.channel)
        // The connection was idle when it was chosen to make room, and its answer is almost sent.
        case .sending where !sending.isLong && NIODeadline.now() - sending.progress < ConnectionLimits.grace:
            service.table.stays(context.channel)
        case .closed: break
        case .idle where decoder.waiting == 0: leaveUnlessAsked(context)
        default: context.close(promise: nil)
        }
    }

    /// Closes the connection, unless the next request has come and was not read yet.
    private func leaveUnlessAsked(_ context: ChannelHandlerContext) {
        guard let arrived = TCPProgress.received(on: context.channel) else {
            return context.close(promise: nil)
        }
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        arrived.whenComplete { result in
            let (handler, context) = handler.value
            let arrived = (try? result.get()) ?? 0
            guard handler.phase == .idle, arrived <= handler.received else {
                return handler.service.table.stays(context.channel)
            }
            context.close(promise: nil)
        }
    }

    /// Ends the connection, because the time for finishing is over.
    private func cut(_ context: ChannelHandlerContext) {
        cutMark.set()
        isQuiescing = true
        guard phase == .busy || phase == .sending else { return context.close(promise: nil) }
        task?.cancel()
        let channel = context.channel
        context.eventLoop.scheduleTask(in: ConnectionLimits.grace) { channel.close(promise: nil) }
    }

    // MARK: What arrives

    func read(context: ChannelHandlerContext) {
        switch phase {
        case _ where isResting: holdsRead = true
        case .room, .busy, .sending: holdsRead = true
        case .idle, .head, .body, .lingering, .closed: context.read()
        }
    }

    func readOn(_ context: ChannelHandlerContext) {
        guard holdsRead else { return }
        holdsRead = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastArrival = .now()
        let bytes = unwrapInboundIn(data)
        received += UInt64(bytes.readableBytes)
        guard phase != .lingering, phase != .closed else { return }
        decoder.take(bytes)
        process(context)
        decoder.compact()
        if decoder.waiting > ConnectionLimits.mostWaiting { context.close(promise: nil) }
    }

    /// Lets the other connections of the event loop have a turn.
    func rest(_ context: ChannelHandlerContext) {
        guard !isResting else { return }
        isResting = true
        service.loops.turns(of: context.eventLoop).wait { [self] in
            isResting = false
            process(context)
            decoder.compact()
            if !isResting { waitForMore(context) }
        }
    }

    /// Waits for more bytes, because those received are too few to continue.
    func waitForMore(_ context: ChannelHandlerContext) {
        switch phase {
        case .idle where isQuiescing: context.close(promise: nil)
        case .idle, .head, .body, .lingering: readOn(context)
        case .room, .busy, .sending, .closed: break
        }
    }

    /// Processes the received bytes, as far as the phase allows.
    func process(_ context: ChannelHandlerContext) {
        guard !isProcessing, !isResting else { return }
        isProcessing = true
        defer { isProcessing = false }
        let end = NIODeadline.now() + ConnectionLimits.longestTurn
        var isOver = false
        do throws(MessageFault) {
            while phase == .idle || phase == .head || phase == .body {
                guard !isOver else { return rest(context) }
                guard let part = try decoder.next() else {
                    if phase == .idle, decoder.waiting > 0 { enter(.head, context) }
                    return
                }
                switch part {
                case .head(let head): begin(head, context)
                case .body(let bytes): accept(bytes, context)
                case .end: finishBody(context)
                }
                isOver = NIODeadline.now() >= end
            }
        } catch {
            refuse(error, context)
        }
    }

    /// Refuses bytes that are no request; nothing tells where a next request would begin.
    private func refuse(_ fault: MessageFault, _ context: ChannelHandlerContext) {
        head = nil
        isLast = true
        send(refusal ?? service.handler.response(to: visit, error: .malformedMessage(fault)), context)
    }

    // MARK: Phases

    func enter(_ next: Phase, _ context: ChannelHandlerContext) {
        guard phase != .closed else { return }
        let now = NIODeadline.now()
        if next == .body {
            bodyStart = phase == .room ? bodyStart + (now - phaseStart) : now
            lastArrival = now
        } else if next == .room, phase != .body {
            bodyStart = now
        }
        (phase, phaseStart) = (next, now)
        switch next {
        case .idle: service.table.note(.idle, of: context.channel)
        case .head, .body, .room: service.table.note(.receiving, of: context.channel)
        case .busy: service.table.note(.busy, of: context.channel)
        case .sending: if sending.isLong { service.table.note(.sending, of: context.channel) }
        case .lingering: service.table.note(.sending, of: context.channel)
        case .closed: break
        }
        schedule(context)
    }

    /// When the phase will have lasted too long; nil if something else ends it.
    private var due: NIODeadline? {
        let limits = service.limits
        switch phase {
        case .idle: return phaseStart + limits.idle
        case .head: return min(phaseStart + limits.head, lastArrival + limits.idle)
        case .room:
            return phaseStart + min(limits.body, ConnectionLimits.roomWait)
        case .body: return min(bodyStart + limits.body, lastArrival + limits.stall)
        case .sending: return sending.progress + limits.send
        case .lingering:
            return min(
                phaseStart + ConnectionLimits.longestLingering,
                lastArrival + ConnectionLimits.lingering
            )
        case .busy, .closed: return nil
        }
    }

    /// Makes sure that a timer fires no later than the phase may end; one that fires earlier checks again.
    func schedule(_ context: ChannelHandlerContext) {
        guard let due, due < timerDue else { return }
        timer?.cancel()
        timerDue = due
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: due) {
            let (handler, context) = handler.value
            handler.timerDue = .distantFuture
            handler.timer = nil
            handler.checkTime(context)
        }
    }

    private func checkTime(_ context: ChannelHandlerContext) {
        guard let due else { return }
        let now = NIODeadline.now()
        if phase == .body, now < due, let intake {
            let isSlow = service.limits.isTooSlow(
                received: intake.received,
                of: intake.announced,
                in: now - bodyStart
            )
            if isSlow { return abandonBody(service.limits.tooSlow, context) }
        }
        guard now >= due else { return schedule(context) }
        switch phase {
        case .idle, .head, .lingering: context.close(promise: nil)
        case .sending: checkReading(context)
        case .room: abandonBody(.noRoomForBody, context)
        case .body: abandonBody(service.limits.tooSlow, context)
        case .busy, .closed: break
        }
    }
}
