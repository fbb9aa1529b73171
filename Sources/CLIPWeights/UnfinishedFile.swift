#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is written under another name beside its place, and gets its own name only when it is complete.
final class UnfinishedFile {
    let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private var isFinished = false

    /// - Parameter mode: the permissions of the file, from which the process's mask is subtracted.
    init(path: String, mode: UInt32) throws(WeightError) {
        self.path = path
        temporaryPath = "\(path).\(getpid())\(CacheDirectory.unfinished)"
        unlink(temporaryPath)
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw .unwritableFile(path: temporaryPath, code: errno) }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(temporaryPath) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WeightError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if written > 0 {
                done += written
            } else if errno != EINTR {
                throw .unwritableFile(path: temporaryPath, code: written == 0 ? ENOSPC : errno)
            }
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(WeightError) {
        let result: Result<Void, WeightError> = bytes.withUnsafeBytes { bytes in
            do throws(WeightError) {
                return .success(try write(bytes, at: offset))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Gives the file its name.
    func finish() throws(WeightError) {
        guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
            throw .unwritableFile(path: path, code: errno)
        }
        isFinished = true
    }
}
