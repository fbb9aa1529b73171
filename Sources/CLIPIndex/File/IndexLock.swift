internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The right to write to an index file, which one writer has at a time, for as long as this is there.
///
/// What a writer has found out, such as that a file is gone or a content has a vector, holds until it is written only if nobody else
/// writes meanwhile. SQLite's own locks are for one transaction, so this is one of the system's (flock(2)) on a file beside the index.
/// The system takes it back when a process ends, however it ends; the file stays, since removing it would let two writers in. It
/// is another file because closing the index, however it was opened, would end the locks that SQLite has on it (fcntl(2)).
final class IndexLock: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the lock, or waits for it on the calling thread.
    ///
    /// - Parameters:
    ///   - place: the index, after following links.
    ///   - path: the same, as it was named.
    /// - Throws: `busy` if another writer has it for longer than that; `unusable` where there cannot be one.
    static func take(
        beside place: String,
        named path: String,
        patience: Duration
    ) throws(IndexError) -> IndexLock {
        let descriptor = opened("\(place).lock")
        guard descriptor >= 0 else { throw .unusable(path: path, cause: String(cString: strerror(errno))) }
        let lock = IndexLock(descriptor)
        let start = ContinuousClock.now
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let cause = errno
            guard cause == EWOULDBLOCK || cause == EINTR else {
                throw .unusable(path: path, cause: String(cString: strerror(cause)))
            }
            guard ContinuousClock.now - start < patience else { throw .busy(path: path) }
            usleep(20_000)
        }
        return lock
    }

    private static func opened(_ path: String) -> Int32 {
        let flags = O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC
        let descriptor = FileName.withPath(path) { open($0, O_RDWR | flags, 0o666) }
        // Another user's, who shares the index.
        guard descriptor < 0, errno == EACCES else { return descriptor }
        return FileName.withPath(path) { open($0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC) }
    }
}
