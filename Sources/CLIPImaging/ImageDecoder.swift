internal import CPictures

/// Decodes encoded bytes to the pixels that a recipe keeps.
///
/// The content decides the format, and each format has one decoder.
struct ImageDecoder: Sendable {
    let recipe: PreprocessingRecipe
    let limits: ImageLimits
    /// Whether a JPEG that is much larger than needed is decoded at a reduced size.
    let shrinksJPEGs: Bool

    /// A decoded picture in its square, and its place there.
    typealias Framed = (square: PixelBuffer, frame: PictureFrame)

    /// Decodes an image after its header was found within limits and admitted, and resizes the rows as they come.
    func pixels(
        of image: [UInt8],
        admitting: (Int) -> Bool,
        stop: DecodeStop
    ) throws(ImagingError) -> Framed {
        guard !image.isEmpty else { throw .empty }
        guard image.count <= limits.maxEncodedBytes else {
            throw .tooManyBytes(count: image.count, limit: limits.maxEncodedBytes)
        }
        guard let format = ImageFormat(sniffing: image) else {
            throw .unknownFormat(LikelyContent(of: image))
        }
        guard limits.formats.contains(format) else { throw .formatNotAllowed(format) }
        if format == .avif, image.count > limits.maxAVIFBytes {
            throw .tooManyBytesOf(format, count: image.count, limit: limits.maxAVIFBytes)
        }
        try stop.check()
        if format == .bmp {
            let picture = try BitmapPicture(image, stop: stop)
            try admit(picture.header, admitting)
            return try pixels(of: picture, size: picture.header.storedSize)
        }
        // The closure has to state its error type, which is not inferred through the call.
        return try image.withUnsafeBufferPointer { bytes throws(ImagingError) in
            try pixels(of: UnsafeRawBufferPointer(bytes), format: format, admitting: admitting, stop: stop)
        }
    }

    private func pixels(
        of bytes: UnsafeRawBufferPointer,
        format: ImageFormat,
        admitting: (Int) -> Bool,
        stop: DecodeStop
    ) throws(ImagingError) -> Framed {
        let file = FileFields(bytes: bytes)
        switch format {
        case .jpeg:
            var size = PixelSize(width: 0, height: 0)
            let picture = try JPEGPicture(bytes, stop: stop) { header throws(ImagingError) in
                try admit(header, admitting)
                size = header.storedSize
                guard shrinksJPEGs else { return .none }
                let upright = size.upright(by: header.orientation)
                return JPEGShrink(of: upright, to: recipe.frame(of: upright).resized)
            }
            return try pixels(of: picture, size: size)
        case .gif:
            let gif = try GIFHeader(file, stop: stop)
            let header = ImageHeader(
                format: .gif,
                storedSize: gif.size,
                orientation: .upright,
                memoryBytes: gif.memoryBytes
            )
            try admit(header, admitting)
            let picture = try GIFPicture(file, header: header, gif: gif, stop: stop)
            return try pixels(of: picture, size: gif.size)
        case .png, .webp, .tiff, .avif, .heic, .bmp:
            let opener = try PictureOpener(file, format: format, stop: stop)
            try admit(opener.header, admitting)
            let picture = try opener.open(stop: stop)
            return try pixels(of: picture, size: picture.header.storedSize)
        }
    }

    /// Refuses an image that is too large, or for which there is no memory at the moment.
    private func admit(_ header: ImageHeader, _ admitting: (Int) -> Bool) throws(ImagingError) {
        let size = header.storedSize
        try limits.check(width: size.width, height: size.height)
        try limits.checkUnstoppable(header)
        let upright = size.upright(by: header.orientation)
        let resizing = PictureResizer.memoryBytes(
            from: upright,
            into: recipe.frame(of: upright),
            library: recipe.library,
            orientation: header.orientation
        )
        let bytes = header.memoryBytes.plus(resizing)
        guard bytes <= limits.maxDecodeBytes else {
            throw .tooMuchMemory(bytes: bytes, limit: limits.maxDecodeBytes)
        }
        guard admitting(bytes) else { throw .notAdmitted(bytes: bytes) }
    }

    /// - Parameters:
    ///   - source: the picture, at full or reduced size.
    ///   - size: the stored size of the full picture, which decides what is kept of it.
    private func pixels(
        of source: borrowing some RowSource & ~Copyable,
        size: PixelSize
    ) throws(ImagingError) -> Framed {
        let header = source.header
        let frame = recipe.frame(of: size.upright(by: header.orientation))
        var resizer = PictureResizer(
            from: header.storedSize.upright(by: header.orientation),
            into: frame,
            as: recipe,
            orientation: header.orientation
        )
        try source.forEachStrip { resizer.take($0, width: header.storedSize.width) }
        return (resizer.finish(), frame)
    }
}
