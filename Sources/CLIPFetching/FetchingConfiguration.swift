#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The limits of an ``ImageFetcher``; the defaults are safe for URLs from strangers.
public struct FetchingConfiguration: Equatable, Sendable {
    /// How long a fetch may take, from the call until its last byte, including waiting for a place and redirects.
    ///
    /// The default, 10 s, is what imgproxy gives a whole request.
    public var timeLimit: Duration = .seconds(10)

    /// How long it may take to find and reach one host: name look-up, connection and TLS.
    ///
    /// By default 5 s, as in thumbor and weserv.
    public var connectTimeLimit: Duration = .seconds(5)

    /// The fewest bytes per second, averaged over ``slowTimeLimit``; an answer that is slower times out.
    ///
    /// Waiting for the first byte counts too. By default 1,024; 0 allows any speed.
    public var minimumBytesPerSecond = 1024

    /// How long an answer may be slower than ``minimumBytesPerSecond``, in whole seconds, because libcurl counts those.
    ///
    /// By default 5 s.
    public var slowTimeLimit: Duration = .seconds(5)

    /// The most bytes of an answer.
    ///
    /// By default 20 MiB. An answer that announces more is refused before its body; any other body is stopped at the
    /// first byte beyond the limit.
    public var maxBytes = 20 * 1024 * 1024

    /// The most redirects of one fetch.
    ///
    /// By default 5, as in thumbor.
    public var maxRedirects = 5

    /// The most bytes of a URL.
    ///
    /// By default 8,192: signed URLs of object stores reach about 2,000, and common web servers refuse
    /// request lines above 8,192.
    public var maxURLBytes = 8192

    /// The most fetches in progress at once; others wait for their turn.
    ///
    /// By default 32.
    public var maxConcurrentFetches = 32

    /// The most fetches in progress at once from one host, which after a redirect is the new host.
    ///
    /// By default 8, a few more than browsers open.
    public var maxConcurrentFetchesPerHost = 8

    /// The most fetches in progress at once for one client; by default half of all.
    public var maxConcurrentFetchesPerClient: Int?

    /// The most fetches that wait for their turn, half of which may be one client's; more are refused at once.
    ///
    /// By default 1,024.
    public var maxWaitingFetches = 1024

    /// Whether hosts on loopback, private, link-local and other non-public addresses may be asked.
    ///
    /// This is for tests and intranets. By default they are refused, also as targets of redirects.
    public var allowsPrivateAddresses = false

    /// The hosts that may be asked, or nil for all that the address rule allows.
    ///
    /// These are exact names and addresses, and `*.example.com` for all names below a domain. Every redirect's target
    /// is checked too.
    public var allowedHosts: [String]?

    /// The hosts that may not be asked, written as in ``allowedHosts``.
    ///
    /// If an address is listed, no name that leads to it may be used either.
    public var deniedHosts: [String] = []

    /// Whether only https is fetched.
    public var requiresSecureConnection = false

    /// Whether a host has to be a name that a public name service can know.
    ///
    /// Addresses, names of a single label, and reserved domains such as `local` or `internal` are then refused.
    public var requiresPublicName = false

    /// A PEM file of the certificate authorities to trust instead of the system's, for intranets that have their own.
    public var certificateAuthorityFile: String?

    /// The name of the fetcher in the `User-Agent` field.
    public var userAgent = "swift-clip"

    /// Makes a configuration with all defaults.
    public init() {}

    /// The largest value that ``maxBytes`` may have.
    package static let mostBytes = 1 << 30

    /// Fetches that one client may have under way at once.
    package var placesPerClient: Int {
        maxConcurrentFetchesPerClient ?? max(1, (maxConcurrentFetches + 1) / 2)
    }

    /// Describes what is wrong with the values, in one sentence each; empty if they are valid.
    public func validate() -> [String] {
        var problems: [String] = []
        func require(_ isTrue: Bool, _ problem: String) {
            if !isTrue { problems.append(problem) }
        }
        let times = Duration.milliseconds(1) ... .seconds(3600)
        require(times.contains(timeLimit), "timeLimit must be from 1 ms to 1 h")
        require(times.contains(connectTimeLimit), "connectTimeLimit must be from 1 ms to 1 h")
        require(
            times.contains(slowTimeLimit) && slowTimeLimit.components.attoseconds == 0,
            "slowTimeLimit must be whole seconds from 1 s to 1 h"
        )
        require(
            (0...1_000_000_000).contains(minimumBytesPerSecond),
            "minimumBytesPerSecond must be from 0 to 1,000,000,000"
        )
        require((1...Self.mostBytes).contains(maxBytes), "maxBytes must be from 1 to \(Self.mostBytes)")
        require((0...50).contains(maxRedirects), "maxRedirects must be from 0 to 50, not \(maxRedirects)")
        require((16...65536).contains(maxURLBytes), "maxURLBytes must be from 16 to 65,536")
        for (name, value) in [
            ("maxConcurrentFetches", maxConcurrentFetches),
            ("maxConcurrentFetchesPerHost", maxConcurrentFetchesPerHost),
            // If it is not set, it follows from the limit for all.
            ("maxConcurrentFetchesPerClient", maxConcurrentFetchesPerClient ?? 1),
        ] {
            require((1...1024).contains(value), "\(name) must be from 1 to 1,024, not \(value)")
        }
        require(
            (0...65_536).contains(maxWaitingFetches),
            "maxWaitingFetches must be from 0 to 65,536, not \(maxWaitingFetches)"
        )
        require(
            allowedHosts.map { !$0.isEmpty } ?? true,
            "allowedHosts names no host; leave it out to allow all, or switch URLs off"
        )
        for (name, hosts) in [("allowedHosts", allowedHosts ?? []), ("deniedHosts", deniedHosts)] {
            for host in hosts where HostPattern(host) == nil {
                problems.append(
                    "\(name) has '\(host)', which is neither a host nor '*.' and a domain; "
                        + "scheme, port and path do not belong there"
                )
            }
        }
        require(
            !userAgent.isEmpty && userAgent.utf8.allSatisfy { (0x20...0x7E).contains($0) },
            "userAgent must be printable ASCII"
        )
        if let file = certificateAuthorityFile {
            require(access(file, R_OK) == 0, "certificateAuthorityFile cannot be read")
        }
        return problems
    }
}
