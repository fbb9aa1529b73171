#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The number of files and sockets that this process may have open.
package enum DescriptorLimit {
    /// The number kept for everything but the connections of requests; some libraries end the process if they cannot
    /// open a file.
    ///
    /// An event loop takes three, a fetch one for its connection and one for looking up a name. Files of checkpoints,
    /// the log and the runtime need no more than 64.
    package static func reserve(eventLoops: Int, fetchPlaces: Int, connectionsBeside: Int) -> Int {
        64 + 3 * eventLoops + 2 * fetchPlaces + connectionsBeside
    }

    /// A server with fewer connections than this is of no use.
    package static let leastConnections = 16
    /// More than this is not needed, and some systems allow a thousand million.
    private static let most: rlim_t = 1 << 20

    /// Raises the limit as far as the system lets this process, and returns it.
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

    /// The connections that fit under a limit beside the reserve; nil if too few do.
    package static func connections(wanted: Int, under limit: Int, keeping reserve: Int) -> Int? {
        let fitting = limit - reserve
        return fitting < leastConnections ? nil : min(wanted, fitting)
    }
}
