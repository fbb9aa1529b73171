internal import Foundation

/// The lock of a blob, which `huggingface_hub` takes, too (by Python's `filelock`): only one process fetches it.
///
/// Where the file system knows no locks nobody is kept out; what is written is right all the same, as two that write the same
/// blob write the same bytes, and the digest decides.
final class BlobLock {
    private let descriptor: Int32

    /// Waits for the lock.
    ///
    /// - Parameter onWait: called once, where another process has it.
    /// - Throws: `cancelled`, and `cacheUnusable` where there can be no such file.
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
                    self.descriptor = descriptor  // no locks here
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
            // Who had it before may have taken the file away: then it locks out nobody.
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

    /// Lets others have it.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
