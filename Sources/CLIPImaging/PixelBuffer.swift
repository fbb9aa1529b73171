/// Decoded pixels: interleaved red, green and blue, one byte each, with the rows from the top and no gaps between them.
public struct PixelBuffer: Equatable, Sendable {
    /// The number of pixels in a row.
    public let width: Int
    /// The number of rows.
    public let height: Int
    /// The pixels, (height, width, 3) bytes.
    public let bytes: [UInt8]

    /// Wraps pixels.
    ///
    /// `bytes` has to hold three bytes for each pixel.
    public init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height * 3, "A pixel buffer holds three bytes for each pixel.")
        self.width = width
        self.height = height
        self.bytes = bytes
    }
}
