import CLIPEngine
import NIOCore

/// How a request is received, from its head to the end of its body.
extension ConnectionHandler {
    /// Handles a head: refuses the request, answers it at once, or receives its body.
    func begin(_ head: RequestHead, _ context: ChannelHandlerContext) {
        self.head = head
        let client = ClientAddress.name(of: context.remoteAddress)
        switch service.handler.admit(head, client: client, at: service.purpose)
        {
        case .answered(let response): pass(by: response, context)
        case .taken(let visit):
            guard visit.wantsBody else {
                return takeIn(visit, announced: announced, isPassedOver: true, context)
            }
            if let announced, announced > service.limits.maxBodyBytes {
                let error = APIError.bodyTooLarge(limit: service.limits.maxBodyBytes)
                return send(service.handler.response(to: visit, error: error), context)
            }
            takeIn(visit, announced: announced, isPassedOver: false, context)
        }
    }

    /// The length that the head announces; nil if it announces none.
    private var announced: Int? {
        switch head?.framing {
        case .chunked: nil
        case .length(let length): length
        case .some(.none), nil: 0
        }
    }

    /// Answers without the body: after discarding a short one, otherwise as the last answer on the connection.
    private func pass(by response: ServerResponse, _ context: ChannelHandlerContext) {
        guard announced != 0 else {
            // The decoder still has to report the end of the empty body.
            refusal = response
            return takeIn(nil, announced: 0, isPassedOver: true, context)
        }
        let isShort = announced.map { $0 <= ConnectionLimits.mostPassedOver } ?? true
        guard isShort, head?.expectsContinue == false, !response.closes else {
            isLast = true
            return send(response, context)
        }
        refusal = response
        takeIn(nil, announced: announced, isPassedOver: true, context)
    }

    private func takeIn(
        _ visit: RequestHandler.Visit?,
        announced: Int?,
        isPassedOver: Bool,
        _ context: ChannelHandlerContext
    ) {
        self.visit = visit
        intake = BodyIntake(
            announced: announced,
            limit: isPassedOver ? ConnectionLimits.mostPassedOver : service.limits.maxBodyBytes,
            isPassedOver: isPassedOver
        )
        enter(.body, context)
        if let announced, announced > 0, !isPassedOver { makeRoom(for: announced, context) }
        if phase == .body, announced != 0 { goOn(context) }
    }

    /// Sends "100 Continue" to a client that waits for it.
    private func goOn(_ context: ChannelHandlerContext) {
        guard head?.expectsContinue == true, intake?.received == 0, decoder.waiting == 0 else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: ServerResponse.goOn)), promise: nil)
    }

    func accept(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        // The intake must not be copied here, because then every piece would copy its whole array.
        guard let received = intake?.received, let limit = intake?.limit else { return }
        service.handler.metrics.noteReceived(bytes: bytes.readableBytes)
        guard received + bytes.readableBytes <= limit else {
            let isWanted = visit?.wantsBody == true
            return abandonBody(isWanted ? .bodyTooLarge(limit: limit) : .bodyNotWanted(limit: limit), context)
        }
        if let size = intake?.demand(
            for: bytes.readableBytes,
            most: service.budget.most(for: .input)
        ) {
            pending = bytes
            makeRoom(for: size, context)
            return
        }
        intake?.append(bytes)
    }

    func finishBody(_ context: ChannelHandlerContext) {
        if let refusal { return send(refusal, context) }
        guard let visit else { return }
        let body = intake.take()
        dispatch(visit, body: body, context)
    }

    /// Answers a request whose body will not be read to its end.
    func abandonBody(_ error: APIError, _ context: ChannelHandlerContext) {
        roomTask?.cancel()
        roomTask = nil
        isLast = true
        send(refusal ?? service.handler.response(to: visit, error: error), context)
    }

    // MARK: Room

    /// Reserves room: at once if it is free, otherwise once it is.
    private func makeRoom(for size: Int, _ context: ChannelHandlerContext) {
        let (client, held) = (visit?.client, heldBytes)
        if let room = service.budget.reserveNow(size, for: .input, beside: held, client: client) {
            return grow(by: size, with: room)
        }
        let most = service.budget.most(for: .input)
        guard size + held <= most else { return abandonBody(.bodyTooLargeForMemory(limit: most), context) }
        enter(.room, context)
        turn += 1
        let turn = turn
        let budget = service.budget
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        roomTask = Task {
            let room = try? await budget.reserve(size, for: .input, beside: held, client: client)
            eventLoop.execute {
                let (connection, context) = bound.value
                guard connection.turn == turn, connection.phase == .room else { return }
                guard let room else { return connection.abandonBody(.noRoomForBody, context) }
                connection.enterRoom(size, room, context)
            }
        }
    }

    /// The bytes of the budget that the body holds so far.
    var heldBytes: Int { intake?.room?.byteCount ?? 0 }

    private func enterRoom(_ size: Int, _ room: ByteReservation, _ context: ChannelHandlerContext) {
        roomTask = nil
        enter(.body, context)
        grow(by: size, with: room)
        goOn(context)
        process(context)
        if !isResting { waitForMore(context) }
    }

    private func grow(by size: Int, with room: ByteReservation) {
        intake?.grow(by: size, with: room)
        if let pending {
            intake?.append(pending)
            self.pending = nil
        }
    }
}
