/// The source pixels of each resized pixel along one side, and their exact weights.
///
/// Pillow (libImaging/Resample.c, 12.3.0) and torch (UpSampleKernel.cpp, 2.15) agree on them to the last bit, and
/// differ in how they round them.
struct ResizeTaps {
    private let sourceLength, resizedLength: Int
    private let filter: ResizeFilter
    private let scale, reach, narrowing: Double

    init(sourceLength: Int, resizedLength: Int, filter: ResizeFilter) {
        (self.sourceLength, self.resizedLength, self.filter) = (sourceLength, resizedLength, filter)
        scale = Double(sourceLength) / Double(resizedLength)
        let widening = max(scale, 1)
        reach = filter.reach * widening
        narrowing = 1 / widening
    }

    /// The most source pixels of one resized pixel.
    var most: Int { Int(reach.rounded(.up)) * 2 + 1 }

    /// Writes the weights of one resized pixel, whose sum is one, and returns its first source pixel and their number.
    ///
    /// - Parameter weights: has room for `most` weights.
    func weigh(_ resized: Int, into weights: inout [Double]) -> (start: Int, count: Int) {
        let center = (Double(resized) + 0.5) * scale
        // Int() rounds towards zero, like the cast in C.
        let start = max(Int(center - reach + 0.5), 0)
        let count = min(Int(center + reach + 0.5), sourceLength) - start
        var sum = 0.0
        for tap in 0..<count {
            weights[tap] = filter.weight(at: (Double(tap + start) - center + 0.5) * narrowing)
            sum += weights[tap]
        }
        if sum != 0 { for tap in 0..<count { weights[tap] /= sum } }
        return (start, count)
    }

    /// The fraction bits of torch's weights: as many, up to 22, as fit the largest weight into 16 bits.
    ///
    /// All resized pixels count, not only those that are kept, so this costs a pass over all of them, unless a weight
    /// near one decides the result earlier.
    var fractionBits: Int {
        var weights = [Double](repeating: 0, count: most)
        var largest = 0.0
        var bits = Self.fractionBits(largest: 0)
        for resized in 0..<resizedLength {
            let (_, count) = weigh(resized, into: &weights)
            for tap in 0..<count where weights[tap] > largest { largest = weights[tap] }
            bits = Self.fractionBits(largest: largest)
            if bits == Self.fewestBits { break }
        }
        return bits
    }

    /// The fraction bits for weights from one to two in signed 16-bit numbers; no weight is larger.
    private static let fewestBits = 14

    private static func fractionBits(largest: Double) -> Int {
        (0..<22).first { Int(0.5 + largest * Double(1 << ($0 + 1))) >= 1 << 15 } ?? 22
    }
}
