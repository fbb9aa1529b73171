internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// What a person sees of an index that is brought up to date: a line that counts, what was moved, and what failed at the end.
final class UpdateReport {
    private let start = ContinuousClock.now
    private let isShown = Terminal.isInteractive
    private var drawn: ContinuousClock.Instant?
    private var failures: [(path: String, reason: String)] = []
    private var failureCount = 0

    private static let interval = Duration.milliseconds(200)
    /// Failures that are listed; the index has all of them.
    private static let mostListed = 100

    func note(_ event: IndexEvent) {
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

    /// - Parameter tally: nil where it was broken off.
    func end(_ tally: IndexTally?, seconds: Double) {
        clear()
        for (path, reason) in failures { Terminal.complain("\(path.printable): \(reason)\n") }
        if failureCount > failures.count {
            Terminal.complain("... and \(failureCount - failures.count) more.\n")
        }
        guard let tally else { return }
        let rate =
            tally.embedded > 0
            ? String(format: " (%.1f/s)", Double(tally.embedded) / max(seconds, 0.001)) : ""
        say(
            "\(tally.embedded) new\(rate), \(tally.moved) moved, \(tally.copies) copies, \(tally.unchanged) as before, "
                + "\(tally.missing) gone, \(tally.failed + tally.unreadable) failed"
                + (tally.failedBefore > 0
                    ? ", \(tally.failedBefore) failed before (--retry tries them again)" : "")
        )
    }

    private func draw(_ tally: IndexTally) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let drawn, now - drawn < Self.interval { return }
        drawn = now
        let rate = Double(tally.embedded) / max((now - start) / .seconds(1), 0.001)
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
