#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How many files and sockets this process may have open.
enum DescriptorLimit {
    /// What is kept for everything but connections: fetches, files of checkpoints, the runtime's own.
    ///
    /// Some libraries end the process when they cannot open a file.
    static let reserve = 128
    /// Fewer connections than that are no server.
    static let leastConnections = 16
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

    /// The connections that fit under a limit; nil where too few do.
    static func connections(wanted: Int, under limit: Int) -> Int? {
        let fitting = limit - reserve
        return fitting < leastConnections ? nil : min(wanted, fitting)
    }
}
