#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory that begins on a cache line and is freed with the object.
///
/// Its owner guards the content; the address never changes.
final class AlignedMemory: @unchecked Sendable {
    /// The alignment in bytes: the length of a cache line, and of a register of oneDNN's widest instructions (AVX-512).
    static let alignment = 64

    let byteCount: Int
    let bytes: UnsafeMutableRawPointer

    var floats: UnsafeMutablePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }

    init(byteCount: Int) throws(KernelError) {
        // An impossible size would trap in the standard library; nothing has more than 2^46 bytes.
        guard byteCount >= 0, byteCount < 1 << 46 else { throw .outOfMemory(byteCount: byteCount) }
        self.byteCount = byteCount
        guard let bytes = Self.allocate(byteCount) else { throw .outOfMemory(byteCount: byteCount) }
        self.bytes = bytes
    }

    convenience init(floatCount rows: Int, times width: Int) throws(KernelError) {
        try self.init(byteCount: Self.byteCount(rows: rows, width: width))
    }

    deinit {
        free(bytes)
    }

    /// The bytes of `rows` x `width` numbers of `size` bytes, floats by default; `Int.max` if the product is too large.
    static func byteCount(rows: Int, width: Int, of size: Int = MemoryLayout<Float>.stride) -> Int {
        let (count, overflow) = rows.multipliedReportingOverflow(by: width)
        let (bytes, tooMany) = count.multipliedReportingOverflow(by: size)
        return overflow || tooMany ? Int.max : bytes
    }

    /// The number of bytes, rounded up to whole cache lines.
    static func whole(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }

    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        var pointer: UnsafeMutableRawPointer?
        guard posix_memalign(&pointer, alignment, max(byteCount, alignment)) == 0 else { return nil }
        return pointer
    }
}
