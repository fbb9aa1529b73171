/// Turns pixels into the floats that the network sees.
///
/// This is for comparison with other programs: our own network takes bytes and looks their floats up where it needs
/// them.
struct PixelNormalizer: Sendable {
    /// The float for each byte in each channel, (3, 256).
    private let values: [Float]

    init(recipe: PreprocessingRecipe) {
        values = recipe.byteValues
    }

    /// Turns (height, width, 3) bytes into (3, height, width) floats.
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
