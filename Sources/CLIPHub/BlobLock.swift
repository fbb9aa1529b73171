internal import Foundation

/// The lock of a blob, which `huggingface_hub` takes too (by Python's `filelock`), so that only one process fetches it.
///
/// If the file system has no locks, nobody is kept out. The result is right all the same, since two processes that
/// write the same blob write the same bytes, and the digest decides.
final class BlobLock {
    private let descriptor: Int32

    /// Waits for the lock.
    ///
    /// - Parameter onWait: called once if another process has the lock.
    /// - Throws: `cancelled`, or `cacheUnusable` if the file cannot be made.
    init(
        _ path: String,
        isCancelled: () -> Bool,
        onWait: () -> Void
    ) throws(HubError) {
        try CacheFile.makeFolder(CacheFile.parent(of: path))
        var hasWaited = false
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664)
            guard descriptor >= 0 else { throw CacheFile.failure(path) }
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else {
                    self.descriptor = descriptor  // this file system has no locks
                    return
                }
                if !hasWaited { onWait() }
                hasWaited = true
                guard !isCancelled() else {
                    close(descriptor)
                    throw .cancelled
                }
                usleep(50_000)
            }
            // The previous owner may have removed the file, and then a lock on it keeps nobody out.
            var ours = stat()
            var named = stat()
            if fstat(descriptor, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino,
                ours.st_dev == named.st_dev
            {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    /// Releases the lock.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
