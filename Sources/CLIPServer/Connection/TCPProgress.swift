import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many of the written bytes the client has received.
enum TCPProgress {
    #if os(Linux)
    /// The beginning of `struct tcp_info` in linux/tcp.h: eight bytes of states, 24 numbers of 32 bits, two rates, and
    /// the bytes that were acknowledged.
    private struct Info {
        var states: UInt64 = 0
        var counts:
            (
                UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
            ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        var rates: (UInt64, UInt64) = (0, 0)
        var acknowledged: UInt64 = 0
    }
    #endif

    /// Bytes since the connection began; nil if the system does not tell.
    static func acknowledged(on channel: any Channel) -> EventLoopFuture<UInt64>? {
        #if os(Linux)
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let info: EventLoopFuture<Info> = provider.unsafeGetSocketOption(
            level: .tcp,
            name: NIOBSDSocket.Option(rawValue: TCP_INFO)
        )
        return info.map(\.acknowledged)
        #else
        return nil
        #endif
    }
}
