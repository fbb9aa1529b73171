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
            Thread.current.name = shown  // on Linux only the thread itself can tell the system
            body()
        }.start()
    }
}
