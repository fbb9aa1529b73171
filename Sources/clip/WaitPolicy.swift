#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How the threads of a forward pass wait for each other.
///
/// By default GNU's OpenMP runtime, beneath oneDNN, keeps waiting threads spinning. With as many threads as cores, every
/// other thread (decoding, sockets, other programs) then costs far more than its own time: an image took 1.3 s where it
/// takes 0.3 s with threads that sleep. The runtime reads the policy when it is loaded, before `main`, so the only way to
/// choose is to set the variable and start the same program anew, in the same process, once.
enum WaitPolicy {
    /// Starts this program anew with sleeping threads, unless the policy is chosen already.
    static func ensurePassive() {
        #if os(Linux)
        let name = "OMP_WAIT_POLICY"
        guard getenv(name) == nil else { return }
        setenv(name, "passive", 0)
        // By its own path, so that the process keeps its name.
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { return }
        // Returns only if it fails; then the program goes on as it is, slower under load but right.
        execv(path, CommandLine.unsafeArgv)
        #endif
    }
}
