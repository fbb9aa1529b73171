internal import Foundation

/// Threads with names that debuggers and `top -H` show.
package enum NamedThread {
    /// The limit of Linux, in bytes.
    private static let longestName = 15

    /// Starts a thread that runs `body`.
    ///
    /// Its name is `name`, cut to what the system allows, and its number.
    package static func start(_ name: String, _ number: Int, _ body: @escaping @Sendable () -> Void) {
        let suffix = "-\(number)"
        let shown =
            String(decoding: name.utf8.prefix(longestName - suffix.utf8.count), as: UTF8.self) + suffix
        Thread {
            tell(shown)
            body()
        }.start()
    }

    /// Lowers the calling thread's priority for the rest of its life.
    ///
    /// On Linux it then gets about a tenth of a core that other threads want, and all of an idle one.
    package static func giveWay() {
        #if canImport(Darwin)
        pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
        #else
        // With 0, Linux lowers this thread alone.
        setpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), 0, 10)
        #endif
    }

    /// Tells the system the calling thread's name.
    ///
    /// `Thread.name` is not used, because it does nothing if the thread runs before the code that started it goes on.
    private static func tell(_ name: String) {
        #if canImport(Darwin)
        pthread_setname_np(name)
        #else
        // Swift does not see the function for that.
        guard let file = fopen("/proc/thread-self/comm", "w") else { return }
        fputs(name, file)
        fclose(file)
        #endif
    }
}
