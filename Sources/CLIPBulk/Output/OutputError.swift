/// Why output cannot be written, or is not.
package enum OutputError: Error, Equatable, Sendable {
    /// The folder cannot be made or looked at; the cause is the system's message.
    case unusable(path: String, cause: String)
    /// A file cannot be written; the cause is the system's message.
    case unwritable(path: String, cause: String)
    case diskFull(path: String)
    /// A record cannot be read; the cause is the system's message.
    case unreadable(path: String, cause: String)
    /// Two shards would have one output, or a file of one the name of a file of the other.
    case sameOutput(name: String, first: String, second: String)
    /// A finished shard was written with other settings, or from another source.
    case otherSettings(path: String, setting: String, written: String, given: String)
    /// The file that says how a shard was written is not readable as one.
    case foreignRecord(path: String)
}
