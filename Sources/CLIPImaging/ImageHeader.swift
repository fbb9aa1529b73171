/// A width and a height in pixels.
package struct PixelSize: Equatable, Sendable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// What an image tells about itself before its pixels are decoded.
struct ImageHeader: Equatable, Sendable {
    var format: ImageFormat
    /// The stored size, before the orientation is applied.
    var storedSize: PixelSize
    var orientation: Orientation
    /// The most bytes that the decoder will hold in addition to the encoded image.
    ///
    /// This follows from samples, bits, interlacing, scans, tiles and strips, as far as they matter to the format.
    var memoryBytes: Int
    /// The number of pixels that are decoded without a chance to stop; nil if the decoder can stop at any time.
    var unstoppablePixels: Int?
}

extension PixelSize {
    /// The size of a stored picture once it stands upright.
    func upright(by orientation: Orientation) -> PixelSize {
        orientation.swapsSides ? PixelSize(width: height, height: width) : self
    }
}
