/// Decoded pixels: interleaved red, green and blue, one byte each, rows from the top with nothing between
/// them.
public struct PixelBuffer: Equatable, Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// (height, width, 3) values.
    public let bytes: [UInt8]

    /// Wraps pixels.
    ///
    /// `bytes` has to hold three for each pixel.
    public init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height * 3, "A pixel buffer holds three bytes for each pixel.")
        self.width = width
        self.height = height
        self.bytes = bytes
    }
}
