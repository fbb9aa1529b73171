#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Which file a path leads to, whatever it is called.
package struct FileIdentity: Sendable {
    /// When anything about a file was changed last, be it only a name.
    ///
    /// Nobody can choose it.
    package struct Change: Hashable, Sendable {
        fileprivate let seconds, nanoseconds: Int
    }

    package enum Kind: Sendable {
        case file, link, other
    }

    package let number: FileNumber
    package let change: Change
    package let kind: Kind

    /// - Parameters:
    ///   - path: nil comes of one that cannot be looked at.
    ///   - followingLinks: whether it is what a link leads to, and not the link.
    package init?(at path: String, followingLinks: Bool = false) {
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        guard FileName.withPath(path, { fstatat(AT_FDCWD, $0, &status, flags) }) == 0 else { return nil }
        #if canImport(Darwin)
        let time = status.st_ctimespec
        #else
        let time = status.st_ctim
        #endif
        number = FileNumber(status)
        change = Change(seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFLNK: .link
            default: .other
            }
    }
}
