/// An opened image whose rows come out one after another.
protocol RowSource: ~Copyable {
    /// Known before any pixel is decoded.
    var header: ImageHeader { get }

    /// Decodes, giving every row as stored: its number, and its pixels as (width, 3) bytes that last for the
    /// call.
    ///
    /// The whole picture is always read, so that one which ends early is refused whatever part of it is
    /// wanted.
    func forEachRow(_ body: (Int, UnsafePointer<UInt8>) -> Void) throws(ImagingError)
}
