/// Along one side of a picture: which source pixels make up each resized pixel, and with what weight.
///
/// The filter, its reach, its rounding and its fixed point are Pillow's (libImaging/Resample.c, 12.3.0), so
/// that sums of these weights are equal to Pillow's bit for bit. When the picture shrinks, the filter widens
/// with it (antialiasing).
package struct BicubicWeights: Sendable {
    /// Fraction bits: 32 less 8 for the byte and 2 for the filter's overshoot.
    package static let fractionBits: Int32 = 22
    /// One half in fixed point: every sum starts with it, so that the shift at its end rounds.
    package static let half: Int32 = 1 << (fractionBits - 1)

    /// The first source pixel of each resized pixel.
    package let starts: [Int]
    /// How many source pixels each resized pixel has.
    package let counts: [Int]
    /// The most that `counts` can hold: the distance between rows of `values`.
    package let stride: Int
    /// (resized pixels, stride) weights in fixed point; zero past each count.
    package let values: [Int32]

    /// Weights of the resized pixels in `kept`, of `resizedLength` in all.
    package init(sourceLength: Int, resizedLength: Int, kept: Range<Int>) {
        let scale = Double(sourceLength) / Double(resizedLength)
        let widening = max(scale, 1)
        let reach = 2 * widening
        let narrowing = 1 / widening

        var starts: [Int] = []
        var counts: [Int] = []
        let stride = Int(reach.rounded(.up)) * 2 + 1
        var values = [Int32](repeating: 0, count: kept.count * stride)
        var weights = [Double](repeating: 0, count: stride)
        for (row, resized) in kept.enumerated() {
            let center = (Double(resized) + 0.5) * scale
            // Int() cuts towards zero, which is what the cast in Pillow does.
            let start = max(Int(center - reach + 0.5), 0)
            let count = min(Int(center + reach + 0.5), sourceLength) - start
            var sum = 0.0
            for tap in 0..<count {
                weights[tap] = Self.filter((Double(tap + start) - center + 0.5) * narrowing)
                sum += weights[tap]
            }
            for tap in 0..<count {
                values[row * stride + tap] = Self.fixedPoint(sum == 0 ? weights[tap] : weights[tap] / sum)
            }
            starts.append(start)
            counts.append(count)
        }
        (self.starts, self.counts, self.stride, self.values) = (starts, counts, stride, values)
    }

    /// The source pixels that are looked at by any of the resized ones.
    package var sources: Range<Int> {
        guard let first = starts.first, let last = starts.last, let lastCount = counts.last else {
            return 0..<0
        }
        return first..<last + lastCount
    }

    /// Cubic convolution with a = -0.5.
    private static func filter(_ distance: Double) -> Double {
        let a = -0.5
        let x = abs(distance)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }

    /// Away from zero at a half, as Pillow rounds.
    private static func fixedPoint(_ weight: Double) -> Int32 {
        let scaled = weight * Double(1 << fractionBits)
        return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
    }

    /// A sum of weighted bytes as a byte.
    @inline(__always)
    package static func byte(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: min(max(sum >> fractionBits, 0), 255))
    }
}
