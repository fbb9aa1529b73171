import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many bytes the system has carried on a connection since it began.
enum TCPProgress {
    #if os(Linux)
    /// The beginning of `struct tcp_info` in linux/tcp.h: eight bytes of states, 24 numbers of 32 bits, two rates, and
    /// the bytes that were acknowledged and received.
    private struct Info {
        var states: UInt64 = 0
        var counts:
            (
                UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
            ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        var rates: (UInt64, UInt64) = (0, 0)
        var acknowledged: UInt64 = 0
        var received: UInt64 = 0
    }

    /// The first of the states, of a connection whose other side is closed: `TCP_CLOSE_WAIT`.
    private static let closeWait: UInt8 = 8
    #endif

    /// How many of the written bytes the client has received; nil if the system does not tell.
    static func acknowledged(on channel: any Channel) -> EventLoopFuture<UInt64>? {
        #if os(Linux)
        return info(of: channel)?.map(\.acknowledged)
        #else
        return nil
        #endif
    }

    /// How many bytes have come from the client, whether or not they have been read; nil if the system does not tell.
    static func received(on channel: any Channel) -> EventLoopFuture<UInt64>? {
        #if os(Linux)
        return info(of: channel)?.map { info in
            // That the client has closed its side counts as a byte.
            let hasEnded = UInt8(truncatingIfNeeded: info.states) == closeWait
            return info.received - (hasEnded && info.received > 0 ? 1 : 0)
        }
        #else
        return nil
        #endif
    }

    #if os(Linux)
    private static func info(of channel: any Channel) -> EventLoopFuture<Info>? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        return provider.unsafeGetSocketOption(
            level: .tcp,
            name: NIOBSDSocket.Option(rawValue: TCP_INFO)
        )
    }
    #endif
}
