internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// By what an archive is known again: its size, which many have, since tar fills files up, and what lies at both of its ends.
struct ArchiveLook: Equatable, Sendable {
    let bytes: Int
    /// Of the first and the last ``endLength`` bytes.
    let digest: String
    /// When the file was last written, named or put in its place, in nanoseconds since 1970.
    ///
    /// Unlike the time that a file says it was written at, nobody can set this one.
    let changed: Int

    static let endLength = 1 << 16

    /// nil where there is no file, or it cannot be read.
    init?(at path: String) {
        // Looking at a pipe by opening it would disturb whoever writes there.
        guard FileLook(at: path) != nil else { return nil }
        let descriptor = FileName.withPath(path) { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        self.init(descriptor: descriptor)
    }

    /// - Parameter descriptor: an open file, whose place stays; nil if it is none.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        #if canImport(Darwin)
        let time = status.st_ctimespec
        #else
        let time = status.st_ctim
        #endif
        let size = Int(status.st_size)
        let head = 0..<min(size, Self.endLength)
        let tail = max(head.upperBound, size - Self.endLength)..<size
        var digest = NameDigest()
        for part in [head, tail] {
            guard let bytes = Self.read(part, of: descriptor) else { return nil }
            digest.add(bytes)
        }
        (bytes, self.digest) = (size, digest.text)
        changed = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
    }

    /// nil where the file cannot be read, or is shorter by now.
    private static func read(_ part: Range<Int>, of descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < part.count {
            let rest = part.dropFirst(bytes.count)
            var result = 0
            bytes += [UInt8](unsafeUninitializedCapacity: rest.count) { buffer, count in
                repeat {
                    result = pread(descriptor, buffer.baseAddress, rest.count, off_t(rest.lowerBound))
                } while result < 0 && errno == EINTR
                count = max(0, result)
            }
            guard result > 0 else { return nil }
        }
        return bytes
    }
}
