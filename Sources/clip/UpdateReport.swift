internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// What a person sees of an index that is brought up to date: a line that counts, what was moved, and what failed at the end.
final class UpdateReport {
    /// When the first of what is counted began; nil until then.
    private var start: ContinuousClock.Instant? = .now
    private let isShown = Terminal.isInteractive
    private var drawn: ContinuousClock.Instant?
    private var failures: [(path: String, reason: String)] = []
    private var failureCount = 0

    private static let interval = Duration.milliseconds(200)
    /// In less time a rate says nothing.
    private static let fewestSeconds = 0.5
    /// Failures that are listed; the index has all of them.
    private static let mostListed = 100

    func note(_ event: IndexEvent) {
        if start == nil { start = .now }
        switch event {
        case .progress(let tally): draw(tally)
        case .moved(let origin, let path): say("moved \(origin.printable) -> \(path.printable)")
        case .failed(let path, let reason):
            failureCount += 1
            if failures.count < Self.mostListed { failures.append((path, reason)) }
        case .emptyFolder(let path, let count):
            clear()
            Terminal.complain(
                "\(path.printable) is empty or not there; \(count) of its files stay in the index. --prune forgets files only "
                    + "where their folder can be read.\n"
            )
        }
    }

    /// Says what came of it; what is noted afterwards is another one's.
    ///
    /// - Parameter tally: nil where it was broken off.
    func end(_ tally: IndexTally?) {
        clear()
        let seconds = self.seconds
        start = nil
        for (path, reason) in failures { Terminal.complain("\(path.printable): \(reason)\n") }
        if failureCount > failures.count {
            Terminal.complain("... and \(failureCount - failures.count) more.\n")
        }
        (failures, failureCount) = ([], 0)
        guard let tally else { return }
        let rate =
            tally.embedded > 0 && seconds > Self.fewestSeconds
            ? String(format: " (%.1f/s)", Double(tally.embedded) / seconds) : ""
        say(
            "\(tally.embedded) new\(rate), \(tally.moved) moved, \(tally.copies) copies, \(tally.unchanged) as before, "
                + "\(tally.missing) gone, \(tally.failed + tally.unreadable) failed"
                + (tally.failedBefore > 0
                    ? ", \(tally.failedBefore) failed before (--retry tries them again)" : "")
        )
    }

    private var seconds: Double { max(start.map { (.now - $0) / .seconds(1) } ?? 0, 0.001) }

    private func draw(_ tally: IndexTally) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let drawn, now - drawn < Self.interval { return }
        drawn = now
        let rate = Double(tally.embedded) / seconds
        let text =
            "\(tally.files) files: \(tally.embedded) new, \(tally.unchanged) as before, \(tally.failed) failed"
            + String(format: "  %.1f/s", rate)
        Terminal.complain("\r\u{1B}[K\(text.prefix(max(0, Terminal.columns - 1)))")
    }

    private func say(_ line: String) {
        clear()
        try? Terminal.write(line: line)
    }

    private func clear() {
        guard drawn != nil else { return }
        Terminal.complain("\r\u{1B}[K")
        drawn = nil
    }
}
