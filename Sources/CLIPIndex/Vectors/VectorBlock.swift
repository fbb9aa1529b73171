#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The high bytes of so many rows in memory, in pages as large as the system has them.
package final class VectorBlock: @unchecked Sendable {
    // Written through `store` only, which the owner calls from one place at a time and never while others read the row.

    /// Rows of a block: 8 MB of 512 numbers.
    package static let capacity = 16_384

    /// `MADV_HUGEPAGE`, which Swift's view of glibc leaves out.
    private static let hugePages: CInt = 14

    /// The size of a huge page on the systems that have them, or a part of it.
    private static let pageBytes = 1 << 21

    package let rowBytes: Int
    private let byteCount: Int
    private let start: UnsafeMutableRawPointer
    private let mapped: UnsafeMutableRawBufferPointer

    /// - Throws: `outOfMemory`.
    package init(rowBytes: Int) throws(IndexError) {
        self.rowBytes = rowBytes
        byteCount = rowBytes * Self.capacity
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        // What goes unused before the start and behind the end is address space, and never memory.
        let count = byteCount + Self.pageBytes
        guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, CInt(flags), -1, 0),
            address != MAP_FAILED
        else { throw .outOfMemory(bytes: byteCount) }
        mapped = UnsafeMutableRawBufferPointer(start: address, count: count)
        // Where it does not begin with a huge page, a part of it has small ones.
        start = address.alignedUp(toMultipleOf: Self.pageBytes)
        #if os(Linux)
        // A page of 4 KB is eight rows, and each costs a walk through the page tables.
        _ = madvise(start, byteCount, Self.hugePages)
        #endif
    }

    deinit { munmap(mapped.baseAddress, mapped.count) }

    /// The rows from this one on.
    package func rows(from row: Int) -> UnsafePointer<UInt8> {
        UnsafePointer(start.advanced(by: row * rowBytes).assumingMemoryBound(to: UInt8.self))
    }

    package func store(_ bytes: UnsafeRawBufferPointer, at row: Int) {
        precondition(row * rowBytes + bytes.count <= byteCount, "A block has room for its rows.")
        guard let source = bytes.baseAddress else { return }
        start.advanced(by: row * rowBytes).copyMemory(from: source, byteCount: bytes.count)
    }
}
