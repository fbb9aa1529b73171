internal import Synchronization

/// Turns requests away at once when too much is in hand, so that waiting stays bounded.
package final class AdmissionGate: Sendable {
    private let limit: Int
    /// The most that one request counts for, so that a long list of texts does not lock all others out.
    private let heaviest: Int
    private let pending = Mutex(0)

    package init(limit: Int) {
        self.limit = limit
        heaviest = max(1, limit / 4)
    }

    /// Counts a request's items in.
    ///
    /// A single request of any size is admitted while fewer than `limit` items are in hand, so that a long
    /// list of texts never has to be cut by its sender.
    package func enter(items: Int) throws(EmbeddingError) {
        let isAdmitted = pending.withLock { pending in
            guard pending < limit else { return false }
            pending += min(items, heaviest)
            return true
        }
        guard isAdmitted else { throw .overloaded(retryAfterSeconds: 1) }
    }

    /// Counts a request's items out.
    package func leave(items: Int) {
        pending.withLock { $0 -= min(items, heaviest) }
    }
}
