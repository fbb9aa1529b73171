/// Decides which inputs are started and which results are delivered.
///
/// Both go in the inputs' order, and no input starts so early that results pile up behind a slow one.
package struct InputWindow<Result> {
    private let count: Int
    private let width: Int
    private var started = 0
    private var delivered = 0
    /// Results that came before their turn.
    private var early: [Int: Result] = [:]

    /// - Parameters:
    ///   - count: the number of all inputs.
    ///   - width: the largest number of inputs that are started and not delivered.
    package init(count: Int, width: Int) {
        self.count = count
        self.width = width
    }

    /// The next input to start; nil while enough inputs are in hand, and at the end.
    package mutating func start() -> Int? {
        guard started < count, started - delivered < width else { return nil }
        defer { started += 1 }
        return started
    }

    /// Keeps the result of an input that was started.
    package mutating func finish(_ index: Int, _ result: Result) {
        early[index] = result
    }

    /// The next result in the inputs' order; nil if it has not come yet.
    package mutating func deliver() -> (index: Int, result: Result)? {
        guard let result = early.removeValue(forKey: delivered) else { return nil }
        defer { delivered += 1 }
        return (delivered, result)
    }
}
