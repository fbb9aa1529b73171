/// The source pixels behind each resized pixel along one side, and their exact weights.
///
/// Pillow (libImaging/Resample.c, 12.3.0) and torch (UpSampleKernel.cpp, 2.15) agree on them to the last bit, and differ in how
/// they round them.
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

    /// The most source pixels that a resized one has.
    var most: Int { Int(reach.rounded(.up)) * 2 + 1 }

    /// Writes the weights of one resized pixel, which sum up to one, and says where they begin and how many they are.
    ///
    /// - Parameter weights: has room for `most`.
    func weigh(_ resized: Int, into weights: inout [Double]) -> (start: Int, count: Int) {
        let center = (Double(resized) + 0.5) * scale
        // Int() cuts towards zero, which is what the cast in C does.
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

    /// The fraction bits of torch's weights: as many, up to 22, as fit the largest of all resized pixels into 16 bits.
    ///
    /// Costs a pass over all of them, not only those that are kept, unless a weight near one settles it before.
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

    /// In the 16 bits that have a sign, of weights from one to two; none is larger.
    private static let fewestBits = 14

    private static func fractionBits(largest: Double) -> Int {
        (0..<22).first { Int(0.5 + largest * Double(1 << ($0 + 1))) >= 1 << 15 } ?? 22
    }
}
