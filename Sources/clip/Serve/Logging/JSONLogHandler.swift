internal import CLIPFiles
internal import Foundation
package import Logging
internal import Synchronization

/// The format of the log's lines.
enum LogFormat: String, CaseIterable {
    /// swift-log's own format: time, level, metadata, message.
    case text
    /// One JSON object a line.
    case json
}

/// The output of the log, which writes lines one after the other, each whole.
package final class LogStream: Sendable {
    private let turn = Mutex(())
    private let write: @Sendable (String) -> Void

    package init(write: @escaping @Sendable (String) -> Void = { Terminal.complain($0) }) {
        self.write = write
    }

    func write(line: String) { turn.withLock { _ in write(line + "\n") } }
}

/// Writes each line of the log as one JSON object: `time`, `level`, `message`, and the metadata beside them.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel = Logger.Level.info
    let stream: LogStream

    package init(_ stream: LogStream) {
        self.stream = stream
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        stream.write(line: Self.line(event.level, "\(event.message)", all, at: Self.now()))
    }

    // MARK: The line

    private static let ownNames: Set<String> = ["time", "level", "message"]

    static func line(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata,
        at time: String
    ) -> String {
        var line =
            #"{"time":\#(string(time)),"level":\#(string(level.rawValue)),"message":\#(string(message))"#
        for (name, value) in members(of: metadata, beneath: "") {
            // Our own names stay unique: metadata with one of them get an underscore.
            line += ",\(string(ownNames.contains(name) ? name + "_" : name)):\(value)"
        }
        return line + "}"
    }

    /// Nested dictionaries become names with dots, so that all members are on one level.
    private static func members(of metadata: Logger.Metadata, beneath start: String) -> [(String, String)] {
        metadata.sorted { $0.key < $1.key }.flatMap { key, value in
            if case .dictionary(let inner) = value {
                members(of: inner, beneath: start + key + ".")
            } else {
                [(start + key, text(of: value))]
            }
        }
    }

    private static func text(of value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): string(text)
        case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
        case .dictionary(let inner):
            "{" + members(of: inner, beneath: "").map { "\(string($0)):\($1)" }.joined(separator: ",") + "}"
        case .stringConvertible(let other):
            switch other {
            case let number as Int: "\(number)"
            case let number as Double: JSONText.number(number)
            case let flag as Bool: "\(flag)"
            default: string("\(other)")
            }
        }
    }

    /// Bytes of names that are not UTF-8 have no character that every JSON reader accepts.
    private static func string(_ text: String) -> String {
        let isText = !text.unicodeScalars.contains { FileName.byte($0) != nil }
        return JSONText.string(isText ? text : text.printable)
    }

    /// The time, such as `2026-11-29T17:23:50.042Z`.
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return text(second: time.tv_sec, millisecond: time.tv_nsec / 1_000_000)
    }

    package static func text(second: Int, millisecond: Int) -> String {
        var second = time_t(second)
        var parts = tm()
        gmtime_r(&second, &parts)
        func padded(_ number: some BinaryInteger, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
            + "T\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
            + ".\(padded(millisecond, 3))Z"
    }
}
