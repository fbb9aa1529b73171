/// Vectors for tests, the same in every run.
struct VectorSamples {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// From -1 to 1.
    mutating func number() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }

    /// Of length one; with outliers two numbers are as large as CLIP's largest.
    mutating func vector(width: Int, outliers: Bool = false) -> [Float] {
        var values = (0..<width).map { _ in number() + number() + number() }
        if outliers {
            values[width / 3] += 30
            values[width / 2] -= 18
        }
        let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return values.map { Float(Double($0) / length) }
    }
}

func cosine(_ one: [Float], _ other: [Float]) -> Double {
    zip(one, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
}
