/// Why a named file, or standard input, gives no bytes or no text.
package enum FileError: Error, Equatable, Sendable {
    /// What was being read.
    package enum Source: String, Sendable {
        case file = "The file"
        case standardInput = "Standard input"
    }

    /// The source cannot be opened or read; the cause is the system's, or that it is of another kind.
    case unreadable(Source, cause: SystemCause)
    /// A line has more bytes than a text may have, and perhaps no end at all.
    case endlessLine(Source, limit: Int)
    /// The byte order mark names this encoding, but the bytes after it are not in it.
    case notAsMarked(name: String, encoding: String)
    /// Many bytes are zero, as in UTF-16 without a byte order mark.
    case zeroBytes(name: String)
    /// A line is not UTF-8; lines are counted from 1.
    case notUTF8(name: String, line: Int)
}
