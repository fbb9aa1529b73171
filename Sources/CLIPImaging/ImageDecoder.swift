/// From encoded bytes to the pixels that a resizer keeps.
///
/// The content decides the format, and each format has one decoder.
struct ImageDecoder: Sendable {
    let limits: ImageLimits

    /// Decodes an image upright, resizing it as it comes.
    ///
    /// `resizer` is asked for once the header is read and found within limits, with the upright size.
    func pixels(
        of image: [UInt8],
        resizedBy resizer: (PixelSize) -> BicubicResizer
    ) throws(ImagingError) -> PixelBuffer {
        guard !image.isEmpty else { throw .empty }
        guard image.count <= limits.maxEncodedBytes else {
            throw .tooManyBytes(count: image.count, limit: limits.maxEncodedBytes)
        }
        guard let format = ImageFormat(sniffing: image) else { throw .unknownFormat }
        guard limits.formats.contains(format) else { throw .formatNotAllowed(format) }
        if format == .bmp {
            return try Self.pixels(of: BitmapPicture(image, limits: limits), resizedBy: resizer)
        }
        // The closure has to say what it throws, or its type is forgotten on the way through.
        return try image.withUnsafeBufferPointer { bytes throws(ImagingError) in
            let picture = try VipsPicture(UnsafeRawBufferPointer(bytes), format: format, limits: limits)
            return try Self.pixels(of: picture, resizedBy: resizer)
        }
    }

    private static func pixels(
        of source: consuming some RowSource & ~Copyable,
        resizedBy resizer: (PixelSize) -> BicubicResizer
    ) throws(ImagingError) -> PixelBuffer {
        let header = source.header
        var resizer = resizer(header.uprightSize)
        let rows = UprightRows(orientation: header.orientation, storedSize: header.storedSize)
        try rows.feed(source, to: &resizer)
        return resizer.finish()
    }
}
