/// Turns pixels into the floats that the network sees: a 255th of the byte, less the mean, over the
/// deviation.
///
/// The arithmetic is torchvision's ToTensor and Normalize (0.29.2) in single precision, in that order, so the
/// floats are equal to the last bit. A byte has 256 values, so they are computed once for each channel.
struct PixelNormalizer: Sendable {
    /// (3, 256): the float of each byte in each channel.
    private let values: [Float]

    init(mean: [Float], standardDeviation: [Float]) {
        values = zip(mean, standardDeviation).flatMap { mean, deviation in
            (0..<256).map { (Float($0) / 255 - mean) / deviation }
        }
    }

    /// (height, width, 3) bytes -> (3, height, width) floats.
    func pixelValues(of pixels: PixelBuffer) -> [Float] {
        let area = pixels.width * pixels.height
        return [Float](unsafeUninitializedCapacity: 3 * area) { floats, count in
            for channel in 0..<3 {
                for pixel in 0..<area {
                    floats[channel * area + pixel] =
                        values[channel * 256 + Int(pixels.bytes[3 * pixel + channel])]
                }
            }
            count = 3 * area
        }
    }
}
