internal import CLIPFiles
internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Standard input, output and error as the subcommands use them.
enum Terminal {
    /// Whether standard error is a terminal.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard output is a terminal, and colours are not switched off with `NO_COLOR` (https://no-color.org).
    static func outputHasColours(_ environment: Environment) -> Bool {
        isatty(STDOUT_FILENO) == 1 && environment.string("NO_COLOR") == nil
            && environment.string("TERM") ?? "dumb" != "dumb"
    }

    /// The width of the terminal in columns; 80 if standard error does not tell.
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

    /// Writes a path to standard output, with its own bytes, for other programs.
    static func write(path: String, endsWithZero: Bool) throws(CommandFailure) {
        try write(
            FileName.bytes(of: path) + [endsWithZero ? 0 : 0x0A],
            to: STDOUT_FILENO,
            named: "Standard output"
        )
    }

    /// Writes to standard error, without a line end.
    ///
    /// Failures are ignored, because no other place is left to report them.
    static func complain(_ text: String) {
        try? write(text, to: STDERR_FILENO, named: "Standard error")
    }

    /// Lets the process go on when nobody reads what it writes any more.
    ///
    /// A filter such as `clip embed | head` has to end then; a server goes on without its log.
    static func outliveReaders() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Ends the process at once, for when another thread may be loading a model.
    ///
    /// An ordinary exit would free the libraries' memory while that thread uses it.
    static func leave(status: Int32) -> Never {
        _exit(status)
    }

    /// Ends the process at once with a status that has a name.
    static func leave(_ status: CommandStatus) -> Never {
        leave(status: status.rawValue)
    }

    /// A file's bytes; '-' is standard input.
    ///
    /// - Parameters:
    ///   - limit: at most one byte more than this is read, which tells the caller that the file is too long.
    ///   - longestLine: the limit in bytes of a line, for files of lines.
    static func contents(
        of file: String,
        limit: Int,
        longestLine: Int = .max
    ) throws(CommandFailure) -> [UInt8] {
        do throws(FileError) {
            return try FileContents.read(file, limit: limit, longestLine: longestLine)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The limit in bytes of a file of texts, which has to fit in memory.
    static let mostTextBytes = 1 << 28
    /// The limit in bytes of a line: sixteen times what a model takes as a text, so that an endless line is noticed
    /// soon.
    private static let mostLineBytes = 1 << 20

    /// The lines of standard input, without line ends.
    static func readLines() throws(CommandFailure) -> [String] {
        let bytes = try contents(of: "-", limit: mostTextBytes, longestLine: mostLineBytes)
        guard bytes.count <= mostTextBytes else {
            throw CommandFailure(
                "Standard input has more than \(mostTextBytes) bytes. Give it in parts.",
                status: .unusableInput
            )
        }
        do throws(FileError) {
            return TextFile.lines(of: try TextFile.text(of: bytes, name: "Standard input"))
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The bytes of a file of texts; '-' is standard input.
    static func textBytes(of file: String) throws(CommandFailure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try contents(of: file, limit: mostTextBytes)
        } catch {
            throw CommandFailure(name(of: file), error)
        }
        guard bytes.count <= mostTextBytes else {
            throw CommandFailure(
                "\(name(of: file)): The file has more than \(mostTextBytes) bytes.",
                status: .unusableInput
            )
        }
        return bytes
    }

    /// The name of a file of texts in messages.
    static func name(of file: String) -> String {
        file == "-" ? "standard input" : file.printable
    }

    /// Texts that were given as arguments; '-' is standard input, a text a line.
    static func texts(ofArguments arguments: [String]) throws(CommandFailure) -> [String] {
        var texts: [String] = []
        for argument in arguments {
            texts += argument == "-" ? try readLines() : [try text(ofArgument: argument)]
        }
        return texts
    }

    /// A text that was given as an argument.
    ///
    /// - Throws: a failure if the argument is not UTF-8: the characters that stand for its bytes must not be embedded.
    static func text(ofArgument argument: String) throws(CommandFailure) -> String {
        guard FileName.isText(argument) else {
            throw CommandFailure(
                "The text '\(argument.printable)' is not UTF-8. Is the terminal set to another encoding?",
                status: .unusableInput
            )
        }
        return argument
    }

    private static func write(_ text: String, to descriptor: Int32, named name: String) throws(CommandFailure)
    {
        try write(Array(text.utf8), to: descriptor, named: name)
    }

    private static func write(
        _ bytes: [UInt8],
        to descriptor: Int32,
        named name: String
    ) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw CommandFailure(unwritable: name) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}

/// The system's function; inside ``Terminal``, the method of the same name hides it.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
