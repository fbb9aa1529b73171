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

    /// The least cosine between rows of `width` floats; below -1 where the counts differ or a value is not finite.
    public static func leastCosine(_ actual: [Float], _ expected: [Float], width: Int) -> Double {
        guard actual.count == expected.count, width > 0, !expected.isEmpty else { return -2 }
        return stride(from: 0, to: expected.count, by: width).map { start in
            var (product, one, other) = (0.0, 0.0, 0.0)
            for index in start..<min(start + width, expected.count) {
                product += Double(actual[index]) * Double(expected[index])
                one += Double(actual[index]) * Double(actual[index])
                other += Double(expected[index]) * Double(expected[index])
            }
            let cosine = product / (one * other).squareRoot()
            return cosine.isFinite ? cosine : -2
        }.min() ?? -2
    }
}
