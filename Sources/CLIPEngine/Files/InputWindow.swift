/// Which inputs are started and whose results are handed on: all in their order, none so far ahead of the first that is
/// not done that results pile up behind it.
package struct InputWindow<Result> {
    private let count: Int
    private let width: Int
    private var started = 0
    private var delivered = 0
    /// Those that are done before their turn.
    private var early: [Int: Result] = [:]

    /// - Parameters:
    ///   - count: all inputs.
    ///   - width: most that are started and not delivered.
    package init(count: Int, width: Int) {
        self.count = count
        self.width = width
    }

    /// The next input to start; nil while enough are in hand, and at the end.
    package mutating func start() -> Int? {
        guard started < count, started - delivered < width else { return nil }
        defer { started += 1 }
        return started
    }

    /// Keeps the result of an input that was started.
    package mutating func finish(_ index: Int, _ result: Result) {
        early[index] = result
    }

    /// The next result in the inputs' order; nil while it is not there.
    package mutating func deliver() -> (index: Int, result: Result)? {
        guard let result = early.removeValue(forKey: delivered) else { return nil }
        defer { delivered += 1 }
        return (delivered, result)
    }
}
