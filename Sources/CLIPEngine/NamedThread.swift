internal import Foundation

/// Threads with names that debuggers and `top -H` show.
package enum NamedThread {
    /// Linux takes no more bytes.
    private static let longestName = 15

    /// Starts a thread that runs `body`, named by `name`, as much of it as the system takes, and its number.
    package static func start(_ name: String, _ number: Int, _ body: @escaping @Sendable () -> Void) {
        let suffix = "-\(number)"
        let shown =
            String(decoding: name.utf8.prefix(longestName - suffix.utf8.count), as: UTF8.self) + suffix
        Thread {
            tell(shown)
            body()
        }.start()
    }

    /// Leaves the processor to the process's other threads, for as long as the calling one goes on: on Linux it has about a
    /// tenth of a core that others want, too, and all of one that nobody does.
    package static func giveWay() {
        #if canImport(Darwin)
        pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
        #else
        // Of 0, Linux takes this thread alone.
        setpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), 0, 10)
        #endif
    }

    /// Tells the system the calling thread's name.
    ///
    /// Not by way of `Thread.name`, which says nothing where the thread runs before whoever started it goes on.
    private static func tell(_ name: String) {
        #if canImport(Darwin)
        pthread_setname_np(name)
        #else
        // The function for that is hidden from Swift.
        guard let file = fopen("/proc/thread-self/comm", "w") else { return }
        fputs(name, file)
        fclose(file)
        #endif
    }
}
