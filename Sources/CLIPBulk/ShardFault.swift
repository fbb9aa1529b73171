package import CLIPEngine
package import CLIPFiles

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
    /// What it means that a file or a folder cannot be read.
    ///
    /// - Returns: nil where the path itself is at fault, whenever somebody tries.
    package init?(_ cause: SystemCause) {
        guard let code = cause.code, !cause.isAbsence, !Self.unfit.contains(code) else { return nil }
        let isForbidden = code == EACCES || code == EPERM
        self = isForbidden ? .notPermitted(cause: "\(cause)") : .unreadable(cause: "\(cause)")
    }

    /// What an error of the engine means for the shard of its picture; nil where it is the picture's, or the engine's.
    package init?(_ error: EmbeddingError) {
        guard case .image(_, .noMemory) = error else { return nil }
        self = .noMemory
    }

    /// What a path leads to, or what it is itself, is no file.
    private static let unfit: Set<Int32> = [EISDIR, ELOOP, ENAMETOOLONG, EILSEQ, ENXIO]
}
