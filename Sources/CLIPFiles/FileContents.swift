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
        guard descriptor >= 0 else { throw .unreadable(source, cause: String(cString: strerror(errno))) }
        let most = limit == .max ? limit : limit + 1
        var bytes: [UInt8] = []
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
            guard result >= 0 else { throw .unreadable(source, cause: String(cString: strerror(errno))) }
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
}

/// The system's `read`, which the method of the same name hides inside ``FileContents``.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}
