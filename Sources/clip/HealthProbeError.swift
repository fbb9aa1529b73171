/// Why a server did not answer a health request.
package enum HealthProbeError: Error, Equatable, CustomStringConvertible {
    case noAddress(host: String)
    case unreachable(place: String, cause: String)
    case tookTooLong(place: String)
    case noAnswer(place: String)

    package var description: String {
        switch self {
        case .noAddress(let host):
            "There is no address called '\(host)'; --host or CLIP_HOST takes another."
        case .unreachable(let place, let cause):
            "Nobody listens at \(place): \(cause). Is the server running, and is --port or CLIP_PORT its port?"
        case .tookTooLong(let place): "\(place) did not answer in time; --seconds takes more."
        case .noAnswer(let place):
            "What answers at \(place) does not speak HTTP; --port or CLIP_PORT takes another port."
        }
    }
}
