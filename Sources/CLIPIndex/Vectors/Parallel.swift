internal import Dispatch
internal import Synchronization

/// Work that several threads share.
enum Parallel {
    /// Does each part on whatever thread is free, this one among them, and returns what came of them, in order.
    ///
    /// Not to be called by a task: it holds its thread until all parts are done.
    static func map<Value: Sendable>(_ count: Int, _ part: @Sendable (Int) -> Value) -> [Value] {
        guard count > 1 else { return (0..<count).map(part) }
        let values = Mutex([Value?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let value = part(index)
            values.withLock { $0[index] = value }
        }
        return values.withLock { $0.compactMap(\.self) }
    }
}
