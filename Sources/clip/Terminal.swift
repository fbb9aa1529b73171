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

    /// Columns of the terminal that standard error is; 80 where it does not say.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line to standard output.
    ///
    /// A closed pipe ends the program, as it does every filter; a full disk throws.
    static func write(line: String) throws(CommandFailure) {
        try write(line + "\n", to: STDOUT_FILENO, named: "Standard output")
    }

    /// Writes to standard error as it is.
    ///
    /// Where that fails there is nobody left to tell.
    static func complain(_ text: String) {
        try? write(text, to: STDERR_FILENO, named: "Standard error")
    }

    /// Ends the process at once, for when another thread is in the middle of loading a model.
    ///
    /// An ordinary exit would take the libraries' memory apart beneath it.
    static func leave(status: Int32) -> Never {
        _exit(status)
    }

    /// A file's bytes; '-' is standard input.
    ///
    /// - Parameter limit: more bytes than this are not read; the caller sees that by one byte too many.
    static func contents(of file: String, limit: Int) throws(CommandFailure) -> [UInt8] {
        let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
        defer { if descriptor > STDIN_FILENO { close(descriptor) } }
        guard descriptor >= 0 else { throw CommandFailure("The file", cannotBe: "read") }
        let most = limit == .max ? limit : limit + 1
        var bytes: [UInt8] = []
        while bytes.count < most {
            let wanted = min(1 << 16, most - bytes.count)
            var result = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                repeat {
                    result = read(descriptor, buffer.baseAddress, wanted)
                } while result < 0 && errno == EINTR
                count = max(0, result)
            }
            guard result >= 0 else {
                throw CommandFailure(file == "-" ? "Standard input" : "The file", cannotBe: "read")
            }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// The lines of standard input, without their ends.
    static func readLines() throws(CommandFailure) -> [String] {
        let text = String(decoding: try contents(of: "-", limit: .max), as: UTF8.self)
        var lines = text.split(separator: /\r?\n/, omittingEmptySubsequences: false).map(String.init)
        // What follows the last line's end is no line.
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func write(_ text: String, to descriptor: Int32, named name: String) throws(CommandFailure)
    {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw CommandFailure(name, cannotBe: "written") }
            rest = rest.dropFirst(max(0, count))
        }
    }
}

/// The system's function, which inside of ``Terminal`` the method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
