/// How far numbers are from those they should be.
public enum Closeness {
    /// The norm of the difference over the norm of `expected`; infinite when the counts differ or a value is not finite.
    public static func relativeError(_ actual: [Float], _ expected: [Float]) -> Double {
        guard actual.count == expected.count, !expected.isEmpty else { return .infinity }
        var difference = 0.0
        var norm = 0.0
        for (a, e) in zip(actual, expected) {
            difference += (Double(a) - Double(e)) * (Double(a) - Double(e))
            norm += Double(e) * Double(e)
        }
        guard difference.isFinite, norm.isFinite, norm > 0 else { return .infinity }
        return (difference / norm).squareRoot()
    }

    /// The largest `relativeError` of any row of `width` floats.
    public static func worstRowError(_ actual: [Float], _ expected: [Float], width: Int) -> Double {
        guard actual.count == expected.count, width > 0, !expected.isEmpty else { return .infinity }
        return stride(from: 0, to: expected.count, by: width).map { start in
            let row = start..<min(start + width, expected.count)
            return relativeError(Array(actual[row]), Array(expected[row]))
        }.max() ?? .infinity
    }
}
