#if canImport(Glibc)
internal import Glibc
#endif

/// How freed memory is returned to the system.
///
/// By default glibc keeps freed memory in arenas, one for nearly every thread, and after it has freed a large buffer it
/// keeps buffers of that size, too. A server decodes photographs on many threads: after some hundred requests ViT-B/32
/// in bf16 held 490 MB that way, and 405 MB with two arenas and large buffers in pages of their own.
enum MemoryPolicy {
    /// Sets the policy for this process, before it has other threads; does nothing if the C library is not glibc.
    static func ensureLean() {
        #if canImport(Glibc)
        // Swift does not import <malloc.h> of glibc: the function is looked up, and the numbers are the header's.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let mallopt = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
        let (trimThreshold, mmapThreshold, arenaMax): (CInt, CInt, CInt) = (-1, -3, -8)
        _ = mallopt(arenaMax, 2)
        _ = mallopt(mmapThreshold, 256 << 10)
        _ = mallopt(trimThreshold, 1 << 20)
        #endif
    }
}
