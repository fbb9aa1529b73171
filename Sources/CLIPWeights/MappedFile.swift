#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file's bytes, mapped into memory for reading and unmapped when the last user is gone.
///
/// If the file becomes shorter, touching a page after its new end terminates the process. Calling `checkUnchanged()`
/// before each pass over the bytes limits the danger to the pass itself. A reader cannot defend itself against a
/// program that writes into a checkpoint in place at that time.
final class MappedFile: Sendable {
    let file: OpenFile
    /// It is safe to share: the pages are read-only, the pointer never changes, and only `deinit` unmaps them.
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer

    init(_ file: consuming OpenFile) throws(WeightError) {
        let mapping = mmap(nil, file.byteCount, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw .unreadableFile(path: file.path, code: errno)
        }
        base = mapping
        self.file = file
    }

    deinit {
        munmap(base, file.byteCount)
    }

    /// Calls `body` with the bytes of `range`.
    ///
    /// They may start at any address, because the format does not align them.
    func withUnsafeBytes<Result, Failure>(
        in range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= file.byteCount,
            "A view must lie within its file."
        )
        return try body(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Tells the system that the bytes will be read once, from front to back.
    func adviseSequential() {
        madvise(base, file.byteCount, MADV_SEQUENTIAL)
    }

    /// Releases the memory of the pages in `range`.
    ///
    /// Reading them again loads them from the file.
    func releasePages(in range: Range<Int>) {
        guard !range.isEmpty else { return }
        // A neighbouring tensor on the same page loses nothing except time when it is read again.
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = range.lowerBound / pageSize * pageSize
        madvise(base + begin, range.upperBound - begin, MADV_DONTNEED)
    }
}
