/// An opened image that gives its rows one after another.
protocol RowSource: ~Copyable {
    /// The header, known before any pixel is decoded.
    var header: ImageHeader { get }

    /// Decodes the picture, calling `body` with the rows as stored, from the first to the last.
    ///
    /// The whole picture is always read, so that one that ends early is refused, whichever part of it is needed.
    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError)
}

/// A few neighbouring rows of a picture as stored: (count, width, 3) bytes, which are valid only during the call.
package struct RowStrip {
    /// The number of the first of these rows.
    package let first: Int
    /// The number of rows.
    package let count: Int
    /// The first byte of the first row.
    package let pixels: UnsafePointer<UInt8>
    /// The bytes from one row to the next.
    package let stride: Int

    package init(first: Int, count: Int, pixels: UnsafePointer<UInt8>, stride: Int) {
        (self.first, self.count, self.pixels, self.stride) = (first, count, pixels, stride)
    }
}
