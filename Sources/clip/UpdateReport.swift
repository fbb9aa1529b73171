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
    /// What came of files before those that are counted now.
    private var before = IndexTally()
    private var ahead: Ahead?

    /// What is known before the work of how much there is.
    private struct Ahead {
        let count: CountAhead
        /// Files that are named, beside those of folders.
        let named: Int
        let known: Int?
        var forecast: UpdateForecast?
    }

    private static let interval = Duration.milliseconds(200)
    /// In less time a rate says nothing.
    private static let fewestSeconds = 0.5
    /// Failures that are listed here.
    private static let mostListed = 100

    /// Counts the files ahead, so that the time that is left can be told; only where somebody sees it.
    func expect(
        _ folders: [String],
        _ rules: FolderWalk.Rules,
        named: Int,
        in file: any IndexStore
    ) async throws(IndexError) {
        guard isShown else { return }
        let count = CountAhead(below: folders, rules: rules)
        var known = 0
        for folder in folders { known += try await file.fileCount(below: folder) }
        // Of files that are named it is not known which the index has.
        ahead = Ahead(count: count, named: named, known: named == 0 ? known : nil)
    }

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

    /// Has what comes counted with this.
    func goOn(after tally: IndexTally) { before = tally }

    /// Says what came of it; what is noted afterwards is another one's.
    ///
    /// - Parameter tally: nil where it was broken off.
    func end(_ tally: IndexTally?) {
        clear()
        let seconds = self.seconds
        start = nil
        before = IndexTally()
        ahead?.count.end()
        ahead = nil
        for (path, reason) in failures { Terminal.complain("\(path.printable): \(reason)\n") }
        if failureCount > failures.count {
            Terminal.complain(
                "... and \(failureCount - failures.count) more; `clip index --failures` lists all that are no pictures.\n"
            )
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
                + Self.skipped(tally)
        )
    }

    /// Pictures that a limit left out.
    private static func skipped(_ tally: IndexTally) -> String {
        var parts: [String] = []
        if tally.tooLarge > 0 { parts.append("\(tally.tooLarge) too large (--max-image-bytes)") }
        if tally.tooSmall > 0 { parts.append("\(tally.tooSmall) too small (--min-bytes)") }
        return parts.isEmpty
            ? "" : ", \(tally.tooLarge + tally.tooSmall) skipped: " + parts.joined(separator: ", ")
    }

    private var seconds: Double { max(start.map { (.now - $0) / .seconds(1) } ?? 0, 0.001) }

    private func draw(_ present: IndexTally) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let drawn, now - drawn < Self.interval { return }
        drawn = now
        var tally = before
        tally.add(present)
        let left = secondsLeft(tally)
        let text =
            "\(tally.files)\(left.total.map { " of \($0)" } ?? "") files: \(tally.embedded) new"
            + String(format: "  %.1f/s", Double(tally.embedded) / seconds)
            + (left.seconds.map { "  \(ProgressBar.clock(seconds: $0)) left" } ?? "")
            + "  \(tally.unchanged) as before, \(tally.failed + tally.unreadable) failed"
            + Self.skipped(tally)
        Terminal.complain("\r\u{1B}[K\(text.prefix(max(0, Terminal.columns - 1)))")
    }

    private func secondsLeft(_ tally: IndexTally) -> (total: Int?, seconds: Double?) {
        guard let ahead, let names = ahead.count.total else { return (nil, nil) }
        // Names of what is too large or too small were counted, too.
        let total = names + ahead.named
        var forecast = ahead.forecast ?? UpdateForecast(total: total, known: ahead.known)
        forecast.note(
            worked: tally.worked,
            asBefore: tally.asBefore + tally.tooLarge + tally.tooSmall,
            seconds: seconds
        )
        self.ahead?.forecast = forecast
        return (max(total - tally.tooLarge - tally.tooSmall, tally.files), forecast.secondsLeft)
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
