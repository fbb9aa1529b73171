#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension FileLook {
    /// Whether a file has gone from a disk that is there.
    ///
    /// The path leads nowhere, and the nearest folder above it that is there has something in it. A folder that is empty may be where a
    /// disk belongs that is away, and what the system does not let be looked at may be there.
    package static func isGone(_ path: String) -> Bool {
        guard isNowhere(path) else { return false }
        var bytes = FileName.bytes(of: path)[...]
        while let slash = bytes.lastIndex(of: UInt8(ascii: "/")) {
            bytes = bytes[..<slash]
            let folder = bytes.isEmpty ? "/" : FileName.text(of: bytes)
            if isNowhere(folder) { continue }
            var status = stat()
            // A link that leads nowhere may be one to such a disk.
            guard FileName.withPath(folder, { fstatat(AT_FDCWD, $0, &status, 0) }) == 0 else { return false }
            // A file in the folder's place is on a disk that is there.
            return status.st_mode & S_IFMT != S_IFDIR || FileName.isFilled(folder: folder)
        }
        return FileName.isFilled(folder: ".")
    }

    /// Whether there is nothing at a path, not even a link.
    private static func isNowhere(_ path: String) -> Bool {
        var status = stat()
        let isThere = FileName.withPath(path) { fstatat(AT_FDCWD, $0, &status, AT_SYMLINK_NOFOLLOW) } == 0
        return !isThere && SystemCause(code: errno).isAbsence
    }
}
