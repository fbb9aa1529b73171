#if canImport(Glibc)
package import Glibc
#elseif canImport(Musl)
package import Musl
#elseif canImport(Darwin)
package import Darwin
#endif

/// Which file or folder something is, whatever it is called.
///
/// Names of one file have the same: hard links, and a folder that is mounted in two places. Another disk that is mounted at a path has
/// another one there.
package struct FileNumber: Hashable, Sendable {
    /// The device that it is on.
    package let device: UInt64
    private let inode: UInt64

    /// - Parameter path: a folder, whose links are followed; nil if there is none, or it cannot be looked at.
    package init?(ofFolder path: String) {
        var status = stat()
        guard FileName.withPath(path, { fstatat(AT_FDCWD, $0, &status, 0) }) == 0,
            status.st_mode & S_IFMT == S_IFDIR
        else { return nil }
        self.init(status)
    }

    package init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }
}
