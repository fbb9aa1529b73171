/// Turns a row of whatever a decoder gives into red, green and blue bytes.
///
/// Alpha is dropped, not composited: the colours under transparent pixels are taken as they are. Sixteen bits
/// become eight by cutting off the low byte. ICC profiles and gamma are not applied.
struct SampleConverter: Sendable {
    enum Colours: Sendable { case grey, rgb, cmyk }

    /// What the samples mean.
    ///
    /// Samples past these are alpha or extras, and are dropped.
    var colours: Colours
    /// Samples of a pixel, extras included.
    var samples: Int
    /// 1, or 2 in the machine's byte order.
    var bytesPerSample: Int

    /// Whether rows already are what `convert` would make of them.
    var isIdentity: Bool { colours == .rgb && samples == 3 && bytesPerSample == 1 }

    /// (width, samples) -> (width, 3).
    func convert(_ row: UnsafePointer<UInt8>, width: Int, into output: UnsafeMutablePointer<UInt8>) {
        // The byte of a sample that is kept: the high one.
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

    /// Pillow's plain conversion (libImaging/Convert.c, 12.3.0): what black leaves, less the ink's share of
    /// it.
    private static func colour(ink: Int32, white: Int32) -> UInt8 {
        let product = ink * white + 128
        let share = (product >> 8 + product) >> 8
        return UInt8(max(white - share, 0))
    }

    private static let isLittleEndian = UInt16(1).littleEndian == 1
}
