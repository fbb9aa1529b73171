/// How the pixels around a place are weighted when a picture is resized.
public enum ResizeFilter: String, Sendable, CaseIterable {
    /// Cubic convolution with a = -0.5, over two pixels to each side.
    case bicubic
    /// A triangle over one pixel to each side.
    case bilinear

    /// How far the filter extends to each side, in pixels of a picture that is not reduced.
    var reach: Double {
        switch self {
        case .bicubic: 2
        case .bilinear: 1
        }
    }

    /// The weight at a distance from the middle, before all weights are divided by their sum.
    func weight(at distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        case .bilinear:
            return x < 1 ? 1 - x : 0
        }
    }
}
