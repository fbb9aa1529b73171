import Synchronization

/// How long a request may take: what its sender says, within what the server allows.
package enum RequestClock {
    /// The time that is left from now on.
    ///
    /// - Parameter field: `X-Request-Timeout`: seconds, fractions allowed.
    /// - Throws: 400 for what is not a number of seconds above zero.
    package static func limit(_ field: String?, within most: Duration) throws(APIError) -> Duration {
        guard let field else { return most }
        let digits = field.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
        }
        guard digits, field.utf8.count <= 16, let seconds = Double(field), seconds > 0 else {
            throw .invalidTimeout
        }
        return min(most, .seconds(min(seconds, 86_400)))
    }
}

/// Whether a request's time has run out; set by a timer, read once the request has ended.
final class RequestExpiry: Sendable {
    private let flag = Atomic(false)

    var hasCome: Bool { flag.load(ordering: .acquiring) }

    func come() { flag.store(true, ordering: .releasing) }
}
