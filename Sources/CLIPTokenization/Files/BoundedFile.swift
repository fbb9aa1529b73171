#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads whole files up to a size.
struct BoundedFile {
    let directory: String
    /// The file's name, which errors tell.
    let name: String

    private var path: String { directory + "/" + name }

    /// Whether something of the name is there, be it a link to nothing: a file that was to be there is not passed over.
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
        // A file that shrank meanwhile is as unreadable as one that fails.
        guard !didFail, bytes.count == size else { throw .unreadable(file: name) }
        return bytes
    }
}
