/// Why a file that somebody named, or standard input, gives no bytes or no text.
package enum FileError: Error, Equatable, Sendable {
    /// What is read.
    package enum Source: String, Sendable {
        case file = "The file"
        case standardInput = "Standard input"
    }

    /// It cannot be opened or read; the cause is the system's.
    case unreadable(Source, cause: String)
    /// A line has more bytes than a text may, and may never end.
    case endlessLine(Source, limit: Int)
    /// The byte order mark is one of this encoding, and what follows is not in it.
    case notAsMarked(name: String, encoding: String)
    /// Many bytes are zero, as in UTF-16 without a mark.
    case zeroBytes(name: String)
    /// A line is not UTF-8, counted from one.
    case notUTF8(name: String, line: Int)
}
