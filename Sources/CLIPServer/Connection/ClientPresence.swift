import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Keeps one HTTP/1.1 connection in order where the server library leaves it to us.
///
/// * tells the request in hand when its client has left, so that nothing more is computed for it;
/// * answers `Expect: 100-continue`, without which curl holds back every body over 1 MB for a second;
/// * closes the connection after an answer that says `connection: close`, so that a body which nobody will read is
///   not read to its end, and does so in two steps, so that the client gets to read the answer;
/// * holds back a close, such as the one at the server's end, until the answer has left for the client.
///
/// Sendable because all of its state is behind one lock; the channel's calls come on its event loop, ``whenGone(_:)``
/// from the request's task.
final class ClientPresence: ChannelDuplexHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private struct State {
        var isGone = false
        var onGone: (@Sendable () -> Void)?
        /// Requests whose answer has not been written yet.
        var requestsInHand = 0
        var closesAfterAnswer = false
        /// Answers that were written whole and have not left yet.
        var answersLeaving = 0
        /// What waits for them: a close of the whole connection.
        var heldClose: (@Sendable () -> Void)?
        /// Set once the last answer is written: what still comes in is thrown away.
        var isClosing = false
    }

    private let state = Mutex(State())
    private let maxBodyBytes: Int
    /// Time for the client to read the last answer before the connection is cut.
    private static let lingering = TimeAmount.seconds(1)
    /// Time for an answer to leave before a close that waits for it goes through.
    private static let leaving = TimeAmount.seconds(20)

    init(maxBodyBytes: Int) {
        self.maxBodyBytes = maxBodyBytes
    }

    /// Calls `action` when the client leaves, or now if it has already; only the latest action is kept.
    func whenGone(_ action: @escaping @Sendable () -> Void) {
        let isGone = state.withLock { state in
            state.onGone = action
            return state.isGone
        }
        if isGone { action() }
    }

    /// Forgets the action.
    func stopWatching() {
        state.withLock { $0.onGone = nil }
    }

    private func clientLeft() {
        let action = state.withLock { state in
            state.isGone = true
            defer { state.onGone = nil }
            return state.onGone
        }
        action?()
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        var isContinued = false
        let isDropped = state.withLock { state in
            guard !state.isClosing else { return true }
            if case .head(let head) = part {
                state.requestsInHand += 1
                isContinued = state.requestsInHand == 1 && wantsContinuation(head)
            }
            return false
        }
        guard !isDropped else { return }
        if isContinued {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        context.fireChannelRead(data)
    }

    private func wantsContinuation(_ head: HTTPRequest) -> Bool {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        guard let length = head.headerFields[.contentLength].flatMap(Int.init) else { return true }
        return length <= maxBodyBytes
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that will send no more is taken for one that has left, as most servers do.
        if let event = event as? ChannelEvent, event == .inputClosed { clientLeft() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        clientLeft()
        context.fireChannelInactive()
    }

    // MARK: To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var isEnd = false
        let isLast = state.withLock { state in
            switch unwrapOutboundIn(data) {
            case .head(let head):
                if head.headerFields[.connection] == "close" { state.closesAfterAnswer = true }
                return false
            case .body: return false
            case .end:
                isEnd = true
                state.answersLeaving += 1
                state.requestsInHand -= 1
                state.isClosing = state.closesAfterAnswer
                return state.isClosing
            }
        }
        guard isEnd else { return context.write(data, promise: promise) }
        let left = promise ?? context.eventLoop.makePromise()
        left.futureResult.whenComplete { [self] _ in answerLeft() }
        guard isLast else { return context.write(data, promise: left) }
        context.writeAndFlush(data, promise: left)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
    }

    private func answerLeft() {
        let close = state.withLock { state -> (@Sendable () -> Void)? in
            state.answersLeaving -= 1
            guard state.answersLeaving == 0 else { return nil }
            defer { state.heldClose = nil }
            return state.heldClose
        }
        close?()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let isHeld = state.withLock { state in
            guard mode == .all, state.answersLeaving > 0, state.heldClose == nil, !state.isGone else {
                return false
            }
            state.heldClose = { bound.value.close(mode: .all, promise: promise) }
            return true
        }
        guard isHeld else { return context.close(mode: mode, promise: promise) }
        // A client that does not read its answer is not waited for without end.
        context.eventLoop.scheduleTask(in: Self.leaving) { [self] in
            let close = state.withLock { state in
                defer { state.heldClose = nil }
                return state.heldClose
            }
            close?()
        }
    }
}
