internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What tells the file of an index from another in its place, and from itself after it was written.
struct FileStamp: Equatable {
    let number: FileNumber
    /// Size and times, in nanoseconds.
    private let state: [Int]
    /// Whether SQLite has written something beside it that is not in it yet.
    let hasLog: Bool

    init(_ path: String) throws(IndexError) {
        guard let status = Self.status(path) else { throw .notFound(path: path) }
        #if canImport(Darwin)
        let times = [status.st_mtimespec, status.st_ctimespec]
        #else
        let times = [status.st_mtim, status.st_ctim]
        #endif
        number = FileNumber(status)
        state =
            [Int(status.st_size)]
            + times.map { FileLook.nanoseconds(seconds: Int($0.tv_sec), rest: Int($0.tv_nsec)) }
        hasLog = Self.status("\(FileName.absolute(path))-wal").map { $0.st_size > 0 } ?? false
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return FileName.withPath(path) { fstatat(AT_FDCWD, $0, &status, 0) } == 0 ? status : nil
    }
}
