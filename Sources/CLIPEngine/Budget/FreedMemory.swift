#if canImport(Glibc)
internal import Glibc
#endif

/// Memory that was freed, and that the C library keeps for whoever asks next.
enum FreedMemory {
    /// Gives it back to the system; takes milliseconds, and does nothing where the C library is not glibc.
    static func giveBack() {
        #if canImport(Glibc)
        // Swift's view of glibc leaves <malloc.h> out: the function is looked up.
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)(0)
        #endif
    }
}
