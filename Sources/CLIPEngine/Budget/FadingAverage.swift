/// A quotient of two sums over the recent past, in which older values fade.
struct FadingAverage: Sendable {
    private var sum = 0.0
    private var units = 0.0
    /// The number of units after which half of the past is forgotten.
    private let memory: Double
    /// The number of units that are enough to tell.
    private let least: Double

    init(memory: Double, least: Double? = nil) {
        self.memory = memory
        self.least = least ?? memory / 32
    }

    mutating func add(_ amount: Double, units: Int) {
        sum += amount
        self.units += Double(units)
        guard self.units > memory else { return }
        self.units /= 2
        sum /= 2
    }

    /// The amount for one unit; nil until enough was measured.
    var perUnit: Double? { units >= least ? sum / units : nil }
}
