#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How a file looks from outside.
package struct FileLook: Equatable, Sendable {
    package let bytes: Int
    /// When it was written last, in nanoseconds since 1970: at the earliest in 1677, and in 2262 at the latest.
    package let modified: Int

    package init(bytes: Int, modified: Int) {
        (self.bytes, self.modified) = (bytes, modified)
    }

    /// - Parameter path: a file, whose links are followed; nil if it cannot be looked at.
    package init?(at path: String) {
        var status = stat()
        guard FileName.withPath(path, { fstatat(AT_FDCWD, $0, &status, 0) }) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        self.init(status)
    }

    /// - Parameter descriptor: an open file; nil if it is none.
    package init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        self.init(
            bytes: Int(status.st_size),
            modified: Self.nanoseconds(seconds: Int(time.tv_sec), rest: Int(time.tv_nsec))
        )
    }

    /// A time in nanoseconds; the earliest or the latest that there is for times beyond, which disks and archives may have.
    package static func nanoseconds(seconds: Int, rest: Int) -> Int {
        let (whole, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isOver) = whole.addingReportingOverflow(rest)
        return isBeyond || isOver ? (seconds < 0 ? .min : .max) : sum
    }
}
