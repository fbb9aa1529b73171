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
            pixels.bytes.withUnsafeBufferPointer { bytes in
                values.withUnsafeBufferPointer { values in
                    for pixel in 0..<area {
                        floats[pixel] = values[Int(bytes[3 * pixel])]
                        floats[area + pixel] = values[256 + Int(bytes[3 * pixel + 1])]
                        floats[2 * area + pixel] = values[512 + Int(bytes[3 * pixel + 2])]
                    }
                }
            }
            count = 3 * area
        }
    }
}
