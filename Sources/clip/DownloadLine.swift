internal import CLIPFiles
package import CLIPHub
internal import Foundation
internal import Synchronization

/// Shows the progress of a download on standard error: as a line that is redrawn on a terminal, otherwise as a line in
/// the log now and then.
package final class DownloadLine: Sendable {
    private struct State {
        var total: Int?
        var present = 0
        var done = 0
        var start = ContinuousClock.now
        var drawn: ContinuousClock.Instant?
        var isOpen = false
    }

    private let name: String
    private let isShown: Bool
    private let say: @Sendable (String) -> Void
    private let draw: @Sendable (String) -> Void
    private let state = Mutex(State())

    private static let interval = Duration.milliseconds(100)
    /// The time between two lines of the log.
    private static let logInterval = Duration.seconds(10)

    /// - Parameters:
    ///   - say: receives the lines of the log; standard error by default.
    ///   - draw: receives the line for the terminal, and the sequence that clears it.
    package init(
        name: String,
        isShown: Bool = Terminal.isInteractive,
        say: @escaping @Sendable (String) -> Void = { Terminal.complain($0 + "\n") },
        draw: @escaping @Sendable (String) -> Void = { Terminal.complain($0) }
    ) {
        self.name = name
        self.isShown = isShown
        self.say = say
        self.draw = draw
    }

    /// Shows an event of the download.
    package func show(_ event: HubEvent) {
        switch event {
        case .began(let request, let commit, let total, let present):
            state.withLock { state in
                state.total = total
                state.present = present
                state.done = present
                state.start = .now
            }
            guard total != 0, total.map({ $0 > present }) ?? true else { return }
            let rest = total.map { DownloadText.megabytes($0 - present) } ?? "of unknown size"
            let goesOn = present > 0 ? ", of which \(DownloadText.megabytes(present)) are here already" : ""
            line("\(name): fetching \(request.repository) at \(commit.prefix(7)), \(rest)\(goesOn)")
        case .file: break
        case .progress(let bytes): progress(bytes)
        case .waitsForOther(let file): line("\(name): waiting for another process that fetches \(file)")
        case .retries(let error, let pause):
            let seconds = String(format: "%.0f", pause / .seconds(1))
            line("\(name): \(error) Trying again in \(seconds) s.")
        case .renamed(let repository, let new):
            line("\(name): \(repository) is called \(new) on the hub, and is kept under that name")
        case .damaged(let file):
            line("\(name): \(file) in the cache is not what the hub has; it is thrown away and fetched again")
        case .usesOther(let request, let commit):
            line(
                "\(name): \(request.repository) at '\(request.revision)' is not whole in the cache. What is there is used, "
                    + "commit \(commit.prefix(7))."
            )
        case .usesCache(let error, let commit):
            line("\(name): \(error) What is in the cache is used, commit \(commit.prefix(7)).")
        }
    }

    /// Clears the line, for other output or at the end.
    package func clear() {
        let isOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if isOpen { draw("\r\u{1B}[K") }
    }

    private func line(_ text: String) {
        clear()
        say(text.printable)
    }

    private func progress(_ bytes: Int) {
        let text = state.withLock { state -> String? in
            state.done = bytes
            let now = ContinuousClock.now
            let interval = isShown ? Self.interval : Self.logInterval
            // The first line appears at once on a terminal.
            let last = state.drawn ?? (isShown ? nil : state.start)
            guard last.map({ now - $0 >= interval }) ?? true else { return nil }
            state.drawn = now
            state.isOpen = isShown
            return DownloadText.line(
                name: name,
                done: bytes,
                total: state.total,
                fetched: bytes - state.present,
                seconds: (now - state.start) / .seconds(1),
                columns: isShown ? Terminal.columns : .max
            )
        }
        guard let text else { return }
        if isShown { draw("\r\u{1B}[K\(text)") } else { say(text) }
    }
}

/// The texts about a download.
package enum DownloadText {
    /// A line such as `ViT-B-32: 312 of 605 MB  51 %  48.2 MB/s  0:06 left`, of at most `columns - 1` characters.
    ///
    /// - Parameter fetched: the bytes that were fetched in these seconds.
    package static func line(
        name: String,
        done: Int,
        total: Int?,
        fetched: Int,
        seconds: Double,
        columns: Int
    ) -> String {
        let rate = Double(fetched) / max(seconds, 0.001)
        var text = "\(name): \(megabytes(done))"
        if let total {
            text =
                "\(name): \(done / 1_000_000) of \(megabytes(total))  \(total > 0 ? done * 100 / total : 100) %"
        }
        text += String(format: "  %.1f MB/s", rate / 1e6)
        if let total, rate > 0, done < total {
            let left = Int(min((Double(total - done) / rate).rounded(.up), 359_999))
            text +=
                left >= 3600
                ? String(format: "  %d:%02d:%02d left", left / 3600, left / 60 % 60, left % 60)
                : String(format: "  %d:%02d left", left / 60, left % 60)
        }
        return columns < .max ? String(text.prefix(max(0, columns - 1))) : text
    }

    /// Megabytes, rounded up.
    package static func megabytes(_ bytes: Int) -> String {
        "\((max(0, bytes) + 999_999) / 1_000_000) MB"
    }
}
