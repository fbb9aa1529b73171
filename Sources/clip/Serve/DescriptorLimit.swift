#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How many files and sockets this process may have open.
package enum DescriptorLimit {
    /// What is kept for everything but connections of requests; some libraries end the process when they cannot open a file.
    ///
    /// An event loop has three, a fetch its connection and what its look-up of a name opens. Files of checkpoints, the log and
    /// the runtime's own make do with 64.
    package static func reserve(eventLoops: Int, fetchPlaces: Int, connectionsBeside: Int) -> Int {
        64 + 3 * eventLoops + 2 * fetchPlaces + connectionsBeside
    }

    /// Fewer connections than that are no server.
    package static let leastConnections = 16
    /// More than that is of no use here, and some systems allow a thousand million.
    private static let most: rlim_t = 1 << 20

    /// Raises the limit as far as the system lets this process do it, and says what it is then.
    static func raise() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        let wanted = min(limit.rlim_max, most)
        if limit.rlim_cur < wanted {
            let before = limit.rlim_cur
            limit.rlim_cur = wanted
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(min(limit.rlim_cur, most))
    }

    /// The connections that fit under a limit beside what is kept; nil where too few do.
    package static func connections(wanted: Int, under limit: Int, keeping reserve: Int) -> Int? {
        let fitting = limit - reserve
        return fitting < leastConnections ? nil : min(wanted, fitting)
    }
}
