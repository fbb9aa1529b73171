import Synchronization

/// How long a request may take: the sender's own limit, within the server's.
package enum RequestClock {
    /// The time that the request may take from now on.
    ///
    /// - Parameter field: the value of `X-Request-Timeout`, in seconds, fractions allowed.
    /// - Throws: 400 if the value is not a number of seconds above zero.
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

/// The first of several possible answers to a request.
final class FirstAnswer: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Answer, Never>)
        case answered(Answer)
        case over
    }

    private let state = Mutex(State.open)

    /// Makes this the answer, unless there is one already.
    func offer(_ answer: Answer) {
        let waiting: CheckedContinuation<Answer, Never>? = state.withLock { state in
            switch state {
            case .open: state = .answered(answer)
            case .awaited(let continuation):
                state = .over
                return continuation
            case .answered, .over: break
            }
            return nil
        }
        waiting?.resume(returning: answer)
    }

    /// Waits for the answer; may be called once.
    func answer() async -> Answer {
        await withCheckedContinuation { continuation in
            let known: Answer? = state.withLock { state in
                guard case .answered(let answer) = state else {
                    state = .awaited(continuation)
                    return nil
                }
                state = .over
                return answer
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
