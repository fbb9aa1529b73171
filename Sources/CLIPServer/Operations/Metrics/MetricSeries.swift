import CoreMetrics
import Synchronization

/// A number that only grows.
final class CounterSeries: CounterHandler {
    private let total = Atomic<Int64>(0)

    var value: Int64 { total.load(ordering: .relaxed) }

    func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { total.store(0, ordering: .relaxed) }
}

/// A number that is set to its current value.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let number = Mutex(0.0)

    var value: Double { number.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

/// The distribution of values, in ranges of size.
///
/// One lock guards all of it, so that a scrape never finds a value that is counted but not summed.
final class HistogramSeries: RecorderHandler, TimerHandler {
    struct Contents {
        /// The number of values in each range, and of those above the last bound.
        var counts: [Int]
        var sum = 0.0
    }

    /// The upper bounds, in ascending order.
    let bounds: [Double]
    private let state: Mutex<Contents>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Contents(counts: [Int](repeating: 0, count: bounds.count + 1)))
    }

    var contents: Contents { state.withLock { $0 } }

    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum += value
        }
    }

    func record(_ value: Int64) { record(Double(value)) }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
