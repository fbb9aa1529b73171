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

/// Of several answers to a request the one that comes first.
final class FirstAnswer: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Answer, Never>)
        case answered(Answer)
        case over
    }

    private let state = Mutex(State.open)

    /// Is the answer, unless there was one before.
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

    /// Waits for it; to be called once.
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
