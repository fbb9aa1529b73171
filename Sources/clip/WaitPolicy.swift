#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How the threads of a forward pass wait for each other.
///
/// By default GNU's OpenMP runtime, which oneDNN uses, lets waiting threads spin. With as many threads as cores, every
/// other thread (decoding, sockets, other programs) then costs far more than its own time: an image took 1.3 s that
/// takes 0.3 s with sleeping threads. The runtime reads the policy when it is loaded, before `main`, so the only way to
/// choose it is to set the variable and start the same program once more, in the same process.
enum WaitPolicy {
    /// Restarts this program with sleeping threads, unless a policy is set already.
    static func ensurePassive() {
        #if os(Linux)
        let name = "OMP_WAIT_POLICY"
        guard getenv(name) == nil else { return }
        setenv(name, "passive", 0)
        // The program's own path is used, so that the process keeps its name.
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { return }
        // The call returns only if it fails; the program then goes on as it is, slower under load but correct.
        execv(path, CommandLine.unsafeArgv)
        #endif
    }
}
