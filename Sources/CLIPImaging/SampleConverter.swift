/// Converts a row of a decoder's samples into red, green and blue bytes.
///
/// Alpha is dropped, not composited: the colours of transparent pixels are taken as they are. Sixteen bits become eight
/// by dropping the low byte. ICC profiles and gamma are not applied.
struct SampleConverter: Sendable {
    enum Colours: Sendable { case grey, rgb, cmyk }

    /// The meaning of the samples.
    ///
    /// Any samples after these are alpha or extras, and are dropped.
    var colours: Colours
    /// The number of samples of a pixel, extras included.
    var samples: Int
    /// The bytes of a sample: 1, or 2 in the machine's byte order.
    var bytesPerSample: Int

    /// Whether rows are already as `convert` would make them.
    var isIdentity: Bool { colours == .rgb && samples == 3 && bytesPerSample == 1 }

    /// Converts (width, samples) into (width, 3).
    func convert(_ row: UnsafePointer<UInt8>, width: Int, into output: UnsafeMutablePointer<UInt8>) {
        // This is the byte of a sample that is kept, the high one.
        let high = bytesPerSample == 2 && Self.isLittleEndian ? 1 : 0
        let pixelStride = samples * bytesPerSample
        var pixel = row + high
        var output = output
        for _ in 0..<width {
            switch colours {
            case .grey:
                output.update(repeating: pixel[0], count: 3)
            case .rgb:
                output[0] = pixel[0]
                output[1] = pixel[bytesPerSample]
                output[2] = pixel[2 * bytesPerSample]
            case .cmyk:
                let white = 255 - Int32(pixel[3 * bytesPerSample])
                for ink in 0..<3 {
                    output[ink] = Self.colour(ink: Int32(pixel[ink * bytesPerSample]), white: white)
                }
            }
            pixel += pixelStride
            output += 3
        }
    }

    /// One colour by Pillow's simple conversion (libImaging/Convert.c, 12.3.0): what black leaves, less the ink's share
    /// of it.
    private static func colour(ink: Int32, white: Int32) -> UInt8 {
        let product = ink * white + 128
        let share = (product >> 8 + product) >> 8
        return UInt8(max(white - share, 0))
    }

    private static let isLittleEndian = UInt16(1).littleEndian == 1
}
