/// A width and a height in pixels.
package struct PixelSize: Equatable, Sendable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// What an image says of itself before its pixels are decoded.
struct ImageHeader: Equatable, Sendable {
    var format: ImageFormat
    /// As stored, before the orientation is applied.
    var storedSize: PixelSize
    var orientation: Orientation
    /// The most that its decoder will hold beside the encoded bytes: from samples, bits, interlacing, scans, tiles and
    /// strips, as far as they decide it.
    var memoryBytes: Int
    /// Pixels that are decoded without a pause, if no clock can be asked meanwhile.
    var unstoppablePixels: Int?
}

extension PixelSize {
    /// A stored size as a person sees it.
    func upright(by orientation: Orientation) -> PixelSize {
        orientation.swapsSides ? PixelSize(width: height, height: width) : self
    }
}
