internal import Foundation

/// A line on standard error that shows the progress of the work; only on a terminal.
struct ProgressLine {
    private let bar: ProgressBar
    private let start = ContinuousClock.now
    private let isShown = Terminal.isInteractive
    private var done = 0
    /// When the visible line was drawn; nil if none is visible.
    private var drawn: ContinuousClock.Instant?

    /// The time between two drawings; more frequent ones could not be seen.
    private static let interval = Duration.milliseconds(100)

    /// - Parameter unit: the name of the counted things, in the plural.
    init(total: Int, unit: String) {
        bar = ProgressBar(total: total, unit: unit)
    }

    /// Counts one more item as done.
    mutating func advance() {
        done += 1
        guard isShown else { return }
        let now = ContinuousClock.now
        if let drawn, now - drawn < Self.interval, done < bar.total { return }
        let text = bar.text(done: done, seconds: (now - start) / .seconds(1), columns: Terminal.columns)
        Terminal.complain("\r\u{1B}[K\(text)")
        drawn = now
    }

    /// Clears the line, for other output or at the end.
    mutating func clear() {
        guard drawn != nil else { return }
        Terminal.complain("\r\u{1B}[K")
        drawn = nil
    }
}

/// The text of a progress line: a bar, the count, percent, rate and remaining time.
package struct ProgressBar: Sendable {
    /// The number of items in all.
    package let total: Int
    private let unit: String

    private static let longestBar = 30
    private static let shortestBar = 8

    /// - Parameter unit: the name of the counted things, in the plural.
    package init(total: Int, unit: String) {
        self.total = total
        self.unit = unit
    }

    /// A text of at most `columns - 1` characters, so that no terminal breaks the line; the bar is shortened first.
    package func text(done: Int, seconds: Double, columns: Int) -> String {
        let rate = Double(done) / max(seconds, 0.001)
        let percent = total > 0 ? done * 100 / total : 100
        var figures = "\(done) of \(total)  \(percent) %  \(String(format: "%.1f", rate)) \(unit)/s"
        if done > 0, done < total {
            figures += "  \(Self.clock(seconds: Double(total - done) / rate)) left"
        }
        let width = min(Self.longestBar, columns - 1 - figures.count - 3)
        guard width >= Self.shortestBar else { return String(figures.prefix(max(0, columns - 1))) }
        let filled = total > 0 ? width * done / total : width
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return "[\(bar)] \(figures)"
    }

    /// Minutes and seconds, with the hours if there are any.
    static func clock(seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(.up), 359_999))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
            : String(format: "%d:%02d", minutes, whole % 60)
    }
}
