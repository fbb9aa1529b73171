#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A block of bytes whose allocation may fail with an error; an array would end the process if no memory were left.
struct OwnedBytes: ~Copyable {
    let buffer: UnsafeMutableBufferPointer<UInt8>

    /// Allocates zeroes, which cost nothing until they are written.
    init(count: Int) throws(ImagingError) {
        guard let memory = calloc(max(count, 1), 1) else { throw .outOfMemory }
        buffer = UnsafeMutableBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: count)
    }

    deinit {
        free(buffer.baseAddress)
    }
}
