#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why the server cannot listen on a port.
struct ListeningFailure: Error {
    let port: Int
    /// The system's error number; nil if the host is no address or name.
    let number: CInt?

    /// - Parameter setting: the flag that chose the port.
    func sentence(host: String, setting: String) -> String {
        switch number {
        case EADDRINUSE: "Port \(port) of '\(host)' is taken by another process; \(setting) takes another."
        case EACCES:
            "Port \(port) needs rights that this user has not; \(setting) takes one above 1023."
        case EADDRNOTAVAIL:
            "'\(host)' is no address of this machine; --host takes one that is, or 0.0.0.0 for all."
        case nil:
            "There is no address to listen at called '\(host)'; --host takes an address such as 0.0.0.0."
        case let number?:
            "Port \(port) of '\(host)' cannot be listened at: \(String(cString: strerror(number))). \(setting) takes another."
        }
    }
}
