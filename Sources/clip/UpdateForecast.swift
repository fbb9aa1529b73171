/// How long bringing an index up to date will still take.
///
/// A file that is new takes a thousand times as long as one that is as before. So the two are reckoned apart: how many of either are left, by
/// what the folders and the index have, and how long one of either has taken lately.
package struct UpdateForecast: Sendable {
    /// Files that there are, in all.
    private let total: Int
    /// Of how many files in the folders the index knows something; nil where that is not known.
    private let known: Int?

    /// What has been done in how many seconds; what was long ago counts less.
    private struct Pace {
        var (files, seconds) = (0.0, 0.0)
        var each: Double? { files > 0 ? seconds / files : nil }

        mutating func add(_ files: Int, seconds: Double) {
            self.files += Double(files)
            self.seconds += seconds
            guard self.seconds > Self.memory else { return }
            self.files /= 2
            self.seconds /= 2
        }

        private static let memory = 60.0
    }

    private var (newOnes, others) = (Pace(), Pace())
    private var worked = 0
    private var asBefore = 0
    private var seconds = 0.0

    /// Before so many new files, and so many seconds of them, a rate says little.
    private static let (fewest, shortest) = (16.0, 2.0)
    /// So many more new files than were expected may be others that have changed.
    private static let tolerance = 16

    package init(total: Int, known: Int?) {
        (self.total, self.known) = (total, known)
    }

    /// - Parameters:
    ///   - worked: files that were read, or could not be.
    ///   - asBefore: files that are as they were, and those that were passed over by their size.
    ///   - seconds: since the start.
    package mutating func note(worked: Int, asBefore: Int, seconds: Double) {
        let passed = seconds - self.seconds
        // Files that are as before cost nothing beside one that is computed.
        if worked > self.worked {
            newOnes.add(worked - self.worked, seconds: passed)
        } else if asBefore > self.asBefore {
            others.add(asBefore - self.asBefore, seconds: passed)
        } else {
            // One that takes long; what is waited for at the very beginning is not counted.
            if worked > 0 { newOnes.add(0, seconds: passed) }
        }
        (self.worked, self.asBefore, self.seconds) = (worked, asBefore, seconds)
    }

    /// Nil as long as that would be a guess.
    package var secondsLeft: Double? {
        let left = max(0, total - worked - asBefore)
        var new = left
        if let known {
            let expected = max(0, total - known)
            if worked <= expected + Self.tolerance {
                new = min(left, max(0, expected - worked))
            } else {
                // More are new than the index lacks: they were moved, or have changed. So may as many of the rest be.
                new = left * worked / max(1, worked + asBefore)
            }
        }
        var seconds = others.each.map { $0 * Double(left - new) } ?? 0
        if new > 0 {
            guard newOnes.files >= Self.fewest, newOnes.seconds >= Self.shortest, let each = newOnes.each
            else { return nil }
            seconds += each * Double(new)
        } else if others.each == nil {
            return nil
        }
        return seconds
    }
}
