import CLIPEngine
import NIOCore

/// How an answer gets to its client.
extension ConnectionHandler {
    /// Starts a task that answers a request.
    func dispatch(_ visit: RequestHandler.Visit, body: BodyIntake?, _ context: ChannelHandlerContext) {
        enter(.busy, context)
        turn += 1
        let turn = turn
        let surroundings = RequestSurroundings(
            eventLoop: context.eventLoop,
            client: visit.client,
            cut: cutMark
        )
        let handler = service.handler
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        task = Task {
            var body = body
            let (bytes, room) = body?.finish() ?? ([], nil)
            body = nil
            let request = ReceivedRequest(visit: visit, body: bytes, room: room)
            let response = await handler.respond(to: request, context: surroundings)
            eventLoop.execute {
                let (connection, context) = bound.value
                guard connection.turn == turn, connection.phase == .busy else { return }
                connection.answer(response, context)
            }
        }
    }

    private func answer(_ response: ServerResponse, _ context: ChannelHandlerContext) {
        task = nil
        send(response, context)
    }

    /// Sends an answer; later requests on the connection wait for it.
    func send(_ response: ServerResponse, _ context: ChannelHandlerContext) {
        let isLeaving = isQuiescing || service.table.isAwaited
        if response.closes || isLeaving || head?.keepsAlive == false { isLast = true }
        let start = response.head(to: head, closes: isLast, date: service.date.text())
        sending = AnswerInTransit(start, response)
        (intake, visit, refusal, pending) = (nil, nil, nil, nil)
        enter(.sending, context)
        pump(context)
    }

    /// Writes as much as the client accepts.
    private func pump(_ context: ChannelHandlerContext) {
        guard phase == .sending, !sending.isPumping else { return }
        sending.isPumping = true
        while !sending.isUnderWay, let piece = sending.next() {
            sending.isUnderWay = true
            let written = context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let turn = turn
            written.futureResult.whenSuccess {
                let (handler, context) = bound.value
                guard handler.phase == .sending, handler.turn == turn else { return }
                handler.sending.left()
                handler.pump(context)
            }
            context.writeAndFlush(wrapOutboundOut(piece), promise: written)
        }
        sending.isPumping = false
        if sending.isDone { return answerLeft(context) }
        // If a short answer is not written at once, the client has not read earlier ones yet.
        if !sending.isLong { service.table.note(.sending, of: context.channel) }
    }

    private func answerLeft(_ context: ChannelHandlerContext) {
        service.handler.metrics.noteWritten(nanoseconds: sending.time.nanoseconds)
        sending = AnswerInTransit()
        head = nil
        turn += 1
        guard !isLast else {
            decoder.clear()
            lastArrival = .now()
            enter(.lingering, context)
            context.close(mode: .output, promise: nil)
            return readOn(context)
        }
        // If a head has already arrived, its sender has not been slow with it.
        lastArrival = .now()
        enter(.idle, context)
        guard decoder.waiting > 0 else { return waitForMore(context) }
        // A client that has already sent its next request waits for a turn, unless this is one of its turns.
        if !isProcessing { rest(context) }
    }

    /// Closes the connection if the client has not read enough since the last check.
    ///
    /// The system accepts a megabyte more than the client reads, and then nothing until part of it has been read; so
    /// the check asks the system how much has arrived.
    func checkReading(_ context: ChannelHandlerContext) {
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let turn = turn
        guard let arrived = TCPProgress.acknowledged(on: context.channel) else {
            return context.close(promise: nil)
        }
        arrived.whenComplete { result in
            let (handler, context) = handler.value
            guard handler.phase == .sending, handler.turn == turn else { return }
            guard case .success(let bytes) = result, handler.sending.note(arrived: bytes) else {
                return context.close(promise: nil)
            }
            handler.schedule(context)
        }
    }
}
