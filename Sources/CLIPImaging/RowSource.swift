/// An opened image whose rows come out one after another.
protocol RowSource: ~Copyable {
    /// Known before any pixel is decoded.
    var header: ImageHeader { get }

    /// Decodes, giving every row as stored, from the first to the last.
    ///
    /// The whole picture is always read, so that one which ends early is refused whatever part of it is
    /// wanted.
    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError)
}

/// A few neighbouring rows of a picture as it is stored: (count, width, 3) bytes that last for the call that
/// is given them.
package struct RowStrip {
    /// The number of the first of these rows.
    package let first: Int
    /// How many rows there are.
    package let count: Int
    /// The first row.
    package let pixels: UnsafePointer<UInt8>
    /// Bytes from a row to the next.
    package let stride: Int

    package init(first: Int, count: Int, pixels: UnsafePointer<UInt8>, stride: Int) {
        (self.first, self.count, self.pixels, self.stride) = (first, count, pixels, stride)
    }
}
