package import CLIPEngine

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What keeps a shard from being finished while no picture of it is at fault: another try may find more.
///
/// If it counted as a picture's failure, a shard would be finished for ever without what a disk, a network or missing rights kept from
/// it once.
package enum ShardFault: Error, Equatable, Sendable {
    /// The system failed at reading; the cause is its message.
    case unreadable(cause: String)
    /// Whoever runs this may not read a file or a folder; the cause is the system's message.
    case notPermitted(cause: String)
    /// The system had no memory for decoding a picture.
    case noMemory
    /// Of the shard's files there is not one, as below a mount point without its file system.
    case nothingThere
}

extension ShardFault {
    /// What the system's message at reading a file or a folder means.
    ///
    /// - Parameter cause: what `strerror` says, since that is what errors of files carry.
    /// - Returns: nil where the path itself is at fault, whenever somebody tries.
    package init?(cause: String) {
        if Self.says(cause, Self.missing) || Self.says(cause, Self.unfit) { return nil }
        self =
            Self.says(cause, [EACCES, EPERM]) ? .notPermitted(cause: cause) : .unreadable(cause: cause)
    }

    /// What an error of the engine means for the shard of its picture; nil where it is the picture's, or the engine's.
    package init?(_ error: EmbeddingError) {
        guard case .image(_, .noMemory) = error else { return nil }
        self = .noMemory
    }

    /// Whether the system's message says that there is nothing at a path.
    static func saysMissing(_ cause: String) -> Bool { says(cause, missing) }

    private static let missing = [ENOENT, ENOTDIR]
    /// What a path leads to, or what it is itself, is no file.
    private static let unfit = [EISDIR, ELOOP, ENAMETOOLONG, EILSEQ, ENXIO]

    private static func says(_ cause: String, _ codes: [Int32]) -> Bool {
        codes.contains { String(cString: strerror($0)).utf8.elementsEqual(cause.utf8) }
    }
}
