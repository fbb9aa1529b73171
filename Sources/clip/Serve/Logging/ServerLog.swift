import ArgumentParser
internal import Logging

/// The log of a server in the chosen format, and messages that appear at any log level.
struct ServerLog: Sendable {
    let logger: Logger
    private let isJSON: Bool

    init(_ format: LogFormat, level: Logger.Level) {
        isJSON = format == .json
        let stream = LogStream()
        var logger = Logger(label: "clip") { label in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(stream)
            }
        }
        logger.logLevel = level
        self.logger = logger
    }

    /// Writes a message at any level, as a line of its own.
    func say(_ text: String) {
        guard isJSON else { return Terminal.complain(text + "\n") }
        write(.notice, text)
    }

    /// Writes why the program ends.
    func complain(_ text: String) {
        guard isJSON else { return Terminal.complain("Error: \(text)\n") }
        write(.critical, text)
    }

    /// A failure that ends the program; if the log is JSON, it is written there and not again at the end.
    func ending(_ failure: CommandFailure) -> any Error {
        guard isJSON else { return failure }
        complain(failure.description)
        return ExitCode(failure.status.rawValue)
    }

    private func write(_ level: Logger.Level, _ text: String) {
        var logger = logger
        logger.logLevel = .trace
        logger.log(level: level, "\(text)")
    }
}
