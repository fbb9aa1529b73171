#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file's bytes, mapped into memory for reading and unmapped when the last user is gone.
///
/// A mapping cannot outlive its file's length: touching a page past the end of a file that was cut meanwhile ends the
/// process. `checkUnchanged()` before each pass over the bytes narrows that window to the pass itself; whoever writes
/// into a checkpoint in place while it is being read is outside what a reader can defend against.
final class MappedFile: Sendable {
    let file: OpenFile
    /// Safe to share: the pages are read-only, the pointer never changes, and only `deinit` unmaps them.
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

    /// Lends the bytes of `range`.
    ///
    /// They may start at any address: nothing in the format aligns them.
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

    /// Gives the resident pages of `range` back.
    ///
    /// Reading them again loads them from the file again.
    func releasePages(in range: Range<Int>) {
        guard !range.isEmpty else { return }
        // Neighbours that share a page lose nothing but time when they are read again.
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = range.lowerBound / pageSize * pageSize
        madvise(base + begin, range.upperBound - begin, MADV_DONTNEED)
    }
}
