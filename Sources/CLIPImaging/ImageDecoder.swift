/// From encoded bytes to the pixels that a recipe keeps.
///
/// The content decides the format, and each format has one decoder.
struct ImageDecoder: Sendable {
    let recipe: PreprocessingRecipe
    let limits: ImageLimits
    /// Whether a JPEG that is much larger than needed is decoded at a fraction of its size.
    let shrinksJPEGs: Bool

    /// Decodes an image, once its header is found within limits, resizing it as it comes.
    func pixels(of image: [UInt8]) throws(ImagingError) -> PixelBuffer {
        guard !image.isEmpty else { throw .empty }
        guard image.count <= limits.maxEncodedBytes else {
            throw .tooManyBytes(count: image.count, limit: limits.maxEncodedBytes)
        }
        guard let format = ImageFormat(sniffing: image) else { throw .unknownFormat }
        guard limits.formats.contains(format) else { throw .formatNotAllowed(format) }
        if format == .bmp {
            let picture = try BitmapPicture(image, limits: limits)
            return try pixels(of: picture, size: picture.header.storedSize)
        }
        // The closure has to say what it throws, or its type is forgotten on the way through.
        return try image.withUnsafeBufferPointer { bytes throws(ImagingError) in
            let bytes = UnsafeRawBufferPointer(bytes)
            guard format == .jpeg else {
                let picture = try VipsPicture(bytes, format: format, limits: limits)
                let size = picture.header.storedSize
                return try pixels(of: picture, size: size)
            }
            var size = PixelSize(width: 0, height: 0)
            let picture = try JPEGPicture(bytes, limits: limits) { header in
                size = header.storedSize
                return shrinksJPEGs ? JPEGShrink(of: size, toShortSide: recipe.imageSize) : .none
            }
            return try pixels(of: picture, size: size)
        }
    }

    /// - Parameters:
    ///   - source: the picture, whole or shrunk.
    ///   - size: of the whole picture as it is stored, which decides what is kept of it.
    private func pixels(
        of source: borrowing some RowSource & ~Copyable,
        size: PixelSize
    ) throws(ImagingError) -> PixelBuffer {
        let header = source.header
        let resized = recipe.resizedSize(of: size.upright(by: header.orientation))
        var resizer = BicubicResizer(
            from: header.storedSize.upright(by: header.orientation),
            to: resized,
            keeping: CenterCrop(of: resized, side: recipe.imageSize),
            orientation: header.orientation
        )
        try source.forEachStrip { resizer.take($0, width: header.storedSize.width) }
        return resizer.finish()
    }
}
