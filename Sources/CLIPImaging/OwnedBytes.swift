#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Bytes whose absence is an error: an array would end the process where the system has no memory left.
struct OwnedBytes: ~Copyable {
    let buffer: UnsafeMutableBufferPointer<UInt8>

    /// Zeroes, which cost nothing before they are written.
    init(count: Int) throws(ImagingError) {
        guard let memory = calloc(max(count, 1), 1) else { throw .outOfMemory }
        buffer = UnsafeMutableBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: count)
    }

    deinit {
        free(buffer.baseAddress)
    }
}
