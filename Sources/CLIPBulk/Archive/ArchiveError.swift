internal import CLIPFiles

/// Why an archive cannot be read, or not to its end; offsets are those of the header at fault, in bytes.
package enum ArchiveError: Error, Equatable, Sendable {
    /// There is nothing at its path that may be read; the cause is the system's message.
    case unreadable(cause: String)
    /// The system failed at reading it, which it may not do the next time; the cause is its message.
    case interrupted(cause: String)
    /// It does not begin as a tar archive does.
    case notAnArchive
    /// It is packed as a whole.
    case packed(by: Packing)
    /// The file ends where more should come.
    case cut(offset: Int)
    /// The header's sum is not that of its bytes.
    case badHeader(offset: Int)
    /// The header has no number where one has to be, a negative one, or one beyond all files.
    case badNumber(offset: Int)
    /// What the header adds of names and numbers contradicts itself.
    case badRecords(offset: Int)
    /// The header adds more than any name needs.
    case headerTooLong(offset: Int, limit: Int)

    /// What packs whole files.
    package enum Packing: String, Sendable {
        case gzip
        case bzip2
        case xz
        case zstd
    }
}

extension ArchiveError {
    /// What it means that an archive cannot be opened or read.
    ///
    /// - Parameter code: the system's (`errno`).
    init(code: Int32) {
        let cause = SystemCause(code: code)
        if case .unreadable? = ShardFault(cause) {
            self = .interrupted(cause: "\(cause)")
        } else {
            self = .unreadable(cause: "\(cause)")
        }
    }

    /// Whether nothing can be said of what is in the archive, or another try may find more.
    ///
    /// Otherwise what comes before the damage counts.
    package var isOfWholeArchive: Bool {
        switch self {
        case .unreadable, .interrupted, .notAnArchive, .packed: true
        case .cut, .badHeader, .badNumber, .badRecords, .headerTooLong: false
        }
    }
}
