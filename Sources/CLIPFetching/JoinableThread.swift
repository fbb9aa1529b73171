import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A thread whose end can be waited for.
final class JoinableThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let handle: Mutex<pthread_t?>

    /// Starts a thread that runs `body` with all signals blocked; nil if the system cannot make a thread.
    ///
    /// Signals are left to the process's other threads. Besides, when OpenSSL writes to a connection that the peer
    /// closed, SIGPIPE would otherwise end the process.
    init?(_ body: @escaping @Sendable () -> Void) {
        let context = Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let status = pthread_create(&thread, nil, joinableThreadMain, context.toOpaque())
        guard status == 0 else {
            context.release()
            return nil
        }
        handle = Mutex(thread)
    }

    /// Waits until the thread has ended; any number of callers may wait.
    func join() {
        handle.withLock { handle in
            if let thread = handle { pthread_join(thread, nil) }
            handle = nil
        }
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
    }
}

// The systems declare the argument differently.
#if canImport(Darwin)
private func joinableThreadMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    JoinableThread.run(context)
    return nil
}
#else
private func joinableThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { JoinableThread.run(context) }
    return nil
}
#endif
