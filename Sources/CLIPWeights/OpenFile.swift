#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A regular file that is open for reading and is closed when this value ends.
struct OpenFile: ~Copyable, Sendable {
    let path: String
    /// The bytes that the file had when it was opened.
    let byteCount: Int
    let descriptor: Int32

    init(path: String) throws(WeightError) {
        // Without O_NONBLOCK, opening a pipe would wait for a writer; for a regular file the flag changes nothing.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadableFile(path: path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .unreadableFile(path: path, code: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notARegularFile(path: path)
        }
        self.path = path
        self.byteCount = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Throws if the file's size is no longer what it was when the file was opened.
    func checkUnchanged() throws(WeightError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadableFile(path: path, code: errno) }
        guard Int(status.st_size) == byteCount else { throw .fileChanged(path: path) }
    }

    /// The file's device, number, size and times of change.
    ///
    /// They differ between two files, and between one file before and after a write.
    func identity() throws(WeightError) -> String {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadableFile(path: path, code: errno) }
        #if canImport(Darwin)
        let (written, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        let (written, changed) = (status.st_mtim, status.st_ctim)
        #endif
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) "
            + "\(written.tv_sec).\(written.tv_nsec) \(changed.tv_sec).\(changed.tv_nsec)"
    }

    /// A copy of `count` bytes from `offset`, which have to lie within `byteCount`.
    func bytes(at offset: Int, count: Int) throws(WeightError) -> [UInt8] {
        precondition(
            offset >= 0 && count >= 0 && offset <= byteCount - count,
            "A read must lie within the file."
        )
        var filled = 0
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while filled < count {
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]
                )
                let read = pread(descriptor, part.baseAddress, part.count, off_t(offset + filled))
                if read > 0 {
                    filled += read
                } else if read == 0 {
                    break
                } else if errno != EINTR {
                    code = errno
                    break
                }
            }
            initialized = filled
        }
        guard code == 0 else { throw .unreadableFile(path: path, code: code) }
        guard filled == count else { throw .fileChanged(path: path) }
        return bytes
    }

    /// All bytes of a file, of which it may have at most `limit`.
    static func contents(of path: String, limit: Int) throws(WeightError) -> [UInt8] {
        let file = try OpenFile(path: path)
        guard file.byteCount <= limit else {
            throw .fileTooLarge(path: path, byteCount: file.byteCount, limit: limit)
        }
        return try file.bytes(at: 0, count: file.byteCount)
    }
}
