#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Tells a folder from another one of the same path, such as the one that a disk is mounted on.
package struct FolderIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// - Parameter path: a folder, whose links are followed; nil if there is none, or it cannot be looked at.
    package init?(at path: String) {
        var status = stat()
        guard FileName.withPath(path, { fstatat(AT_FDCWD, $0, &status, 0) }) == 0,
            status.st_mode & S_IFMT == S_IFDIR
        else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }
}
