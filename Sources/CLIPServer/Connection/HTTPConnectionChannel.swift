import HummingbirdCore
import Logging
import NIOCore

/// Puts a ``ConnectionHandler`` on every connection that the server library accepts.
struct HTTPConnectionChannel: ServerChildChannel {
    /// A connection that was set up.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    let service: ConnectionService

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // One connection's bytes at a time, so that many get a turn where some never stop sending.
            try channel.syncOptions?.setOption(ChannelOptions.maxMessagesPerRead, value: 1)
            try channel.pipeline.syncOperations.addHandler(ConnectionHandler(service: service))
            return Value(channel: channel)
        }
    }

    /// Lasts as long as the connection; cancelled, it ends what is in hand there.
    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            try? await value.channel.closeFuture.get()
        } onCancel: {
            value.channel.pipeline.fireUserInboundEventTriggered(ConnectionService.Cut())
        }
    }
}
