import Synchronization

/// Limits the lines of the log for each status: a hundred at once, then fifty a second.
package final class LogAllowance: Sendable {
    private struct Bucket {
        var left = most
        var filled = ContinuousClock.now
        var passedOver = 0
    }

    private static let most = 100.0
    private static let perSecond = 50.0

    private let buckets = Mutex<[Int: Bucket]>([:])

    package init() {}

    /// Allows one line; nil if the limit is reached, otherwise the number of lines of this status that were dropped
    /// since the last one.
    package func take(_ status: Int, at now: ContinuousClock.Instant = .now) -> Int? {
        buckets.withLock { buckets in
            var bucket = buckets[status] ?? Bucket(filled: now)
            let seconds = (now - bucket.filled) / .seconds(1)
            bucket.left = min(Self.most, bucket.left + seconds * Self.perSecond)
            bucket.filled = now
            defer { buckets[status] = bucket }
            guard bucket.left >= 1 else {
                bucket.passedOver += 1
                return nil
            }
            bucket.left -= 1
            defer { bucket.passedOver = 0 }
            return bucket.passedOver
        }
    }
}
