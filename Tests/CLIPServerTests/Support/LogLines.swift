import Logging
import Synchronization

/// What a server logs, line by line.
final class LogLines: Sendable {
    struct Line: Sendable {
        let text: String
        let metadata: [String: String]

        /// Everything that stands in it.
        var whole: String { "\(text) \(metadata)" }
    }

    private let lines = Mutex<[Line]>([])
    private let onLine: @Sendable (Line) -> Void

    /// - Parameter onLine: called with each line by the thread that writes it, which waits.
    init(onLine: @escaping @Sendable (Line) -> Void = { _ in }) {
        self.onLine = onLine
    }

    var all: [Line] { lines.withLock { $0 } }

    /// The lines about the request of that id.
    func of(request id: String) -> [Line] { all.filter { $0.metadata["request"] == id } }

    var handler: some LogHandler { Handler(lines: self) }

    private func add(_ line: Line) {
        lines.withLock { $0.append(line) }
        onLine(line)
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.add(
                Line(text: "\(event.message)", metadata: (event.metadata ?? [:]).mapValues { "\($0)" })
            )
        }
    }
}
