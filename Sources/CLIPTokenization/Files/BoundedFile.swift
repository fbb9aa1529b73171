#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads whole files of a limited size.
struct BoundedFile {
    let directory: String
    /// The file's name for errors.
    let name: String

    private var path: String { directory + "/" + name }

    /// Whether anything has this name, even a broken link, so that a file that should be there is not silently ignored.
    var exists: Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    /// The file's bytes.
    ///
    /// Only a plain file is read, so that a pipe cannot keep the reader waiting.
    func bytes(limit: Int) throws(TokenizationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file: name) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: name)
        }
        guard Int(information.st_size) <= limit else { throw .fileTooLarge(file: name, limit: limit) }
        let size = Int(information.st_size)
        var didFail = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let step = read(descriptor, buffer.baseAddress?.advanced(by: count), size - count)
                if step < 0, errno == EINTR { continue }
                guard step > 0 else {
                    didFail = step < 0
                    return
                }
                count += step
            }
        }
        // A file that became shorter meanwhile counts as unreadable, like one whose reading fails.
        guard !didFail, bytes.count == size else { throw .unreadable(file: name) }
        return bytes
    }
}
