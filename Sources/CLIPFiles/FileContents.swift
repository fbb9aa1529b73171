#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Reads the bytes of files that are named at the shell.
package enum FileContents {
    /// A file's bytes; the path `-` means standard input.
    ///
    /// - Parameters:
    ///   - file: a path, as ``FileName`` carries it.
    ///   - limit: the most bytes that the caller wants; one byte more is read at most, which shows that the file is
    ///     longer.
    ///   - longestLine: the most bytes between two line ends, for input that consists of lines.
    package static func read(
        _ file: String,
        limit: Int,
        longestLine: Int = .max
    ) throws(FileError) -> [UInt8] {
        let source = file == "-" ? FileError.Source.standardInput : .file
        let descriptor =
            source == .standardInput
            ? STDIN_FILENO : FileName.withPath(file) { open($0, O_RDONLY | O_CLOEXEC) }
        defer { if descriptor > STDIN_FILENO { close(descriptor) } }
        guard descriptor >= 0 else { throw .unreadable(source, cause: SystemCause(code: errno)) }
        return try read(descriptor, source, limit: limit, longestLine: longestLine)
    }

    /// The bytes of a plain file: what else has been put in its place is neither waited for nor read.
    ///
    /// - Parameters:
    ///   - limit: as above.
    ///   - followingLinks: whether it may be a link to one.
    ///   - known: how it has to look once it is open; nil for any.
    package static func readPlain(
        _ file: String,
        limit: Int,
        followingLinks: Bool,
        as known: FileLook? = nil
    ) throws(FileError) -> [UInt8] {
        // A pipe would be waited for, and a terminal become this process's own.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followingLinks ? 0 : O_NOFOLLOW)
        let descriptor = FileName.withPath(file) { open($0, flags) }
        let trouble = errno
        guard descriptor >= 0 else {
            let isLink = trouble == ELOOP && !followingLinks
            throw .unreadable(.file, cause: isLink ? SystemCause("Is a link") : SystemCause(code: trouble))
        }
        defer { close(descriptor) }
        guard let look = FileLook(descriptor: descriptor) else {
            throw .unreadable(.file, cause: SystemCause("Is no plain file"))
        }
        guard known == nil || look == known else {
            throw .unreadable(.file, cause: SystemCause("Has changed"))
        }
        return try read(descriptor, .file, limit: limit, expecting: look.bytes)
    }

    /// - Parameter expected: how many bytes there may be.
    private static func read(
        _ descriptor: Int32,
        _ source: FileError.Source,
        limit: Int,
        longestLine: Int = .max,
        expecting expected: Int = 0
    ) throws(FileError) -> [UInt8] {
        let most = limit == .max ? limit : limit + 1
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(max(expected, 0), limit, mostReserved))
        var lineStart = 0
        while bytes.count < most {
            let wanted = min(1 << 16, most - bytes.count)
            var result = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                repeat {
                    result = systemRead(descriptor, buffer.baseAddress, wanted)
                } while result < 0 && errno == EINTR
                count = max(0, result)
            }
            guard result >= 0 else { throw .unreadable(source, cause: SystemCause(code: errno)) }
            if chunk.isEmpty { break }
            bytes += chunk
            guard longestLine < .max else { continue }
            if let end = chunk.lastIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
                lineStart = bytes.count - chunk.count + end + 1
            }
            guard bytes.count - lineStart <= longestLine else {
                throw .endlessLine(source, limit: longestLine)
            }
        }
        return bytes
    }

    /// What a file says of its size is believed up to here.
    private static let mostReserved = 1 << 26
}

/// The system's `read`, which the method of the same name hides inside ``FileContents``.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}
