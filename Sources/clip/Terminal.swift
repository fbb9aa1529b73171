internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Standard input, output and error as the subcommands use them.
enum Terminal {
    /// Whether a person reads standard error.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a line to standard output.
    static func write(line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Writes to standard error as it is.
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// A file's bytes; '-' is standard input.
    static func contents(of file: String) throws(CommandFailure) -> [UInt8] {
        if file == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFailure(problems: ["The file cannot be read."])
        }
        return [UInt8](data)
    }

    /// The lines of standard input, empty ones left out.
    static func readLines() -> [String] {
        var lines: [String] = []
        while let line = readLine(strippingNewline: true) {
            if !line.isEmpty { lines.append(line) }
        }
        return lines
    }
}

/// A line on standard error that counts what is done, shown only where a person sees it.
struct ProgressLine {
    private let total: Int
    private let start = ContinuousClock.now
    private let isShown = Terminal.isInteractive
    private var done = 0

    init(total: Int) {
        self.total = total
    }

    /// Counts more items as done.
    mutating func advance(by count: Int) {
        done += count
        guard isShown else { return }
        let seconds = max((ContinuousClock.now - start) / .seconds(1), 0.001)
        let rate = String(format: "%.1f", Double(done) / seconds)
        Terminal.complain("\r\u{1B}[K\(done) of \(total), \(rate) a second")
    }

    /// Clears the line, for other output or at the end.
    func clear() {
        if isShown { Terminal.complain("\r\u{1B}[K") }
    }
}
