internal import CJPEG

/// Makes small copies of pictures, for people to look at.
///
/// Pictures are read as for models: by their content, within the same limits, upright. Calls block; any number of threads may
/// call at once.
package struct ThumbnailMaker: Sendable {
    private let decoder: ImageDecoder

    /// - Parameters:
    ///   - longestSide: in pixels, at most 4,096; smaller pictures keep their size.
    ///   - limits: limits that are valid (`ImageLimits.validate()`).
    package init(longestSide: Int, limits: ImageLimits = ImageLimits()) {
        var recipe = PreprocessingRecipe.openAI(imageSize: longestSide)
        recipe.resizeMode = .longest
        recipe.leavesSmallPictures = true
        decoder = ImageDecoder(recipe: recipe, limits: limits, shrinksJPEGs: true)
    }

    /// A picture as a small JPEG without metadata, if its memory is admitted and unless it is stopped.
    ///
    /// - Parameters:
    ///   - image: the encoded bytes.
    ///   - admitting: called once, after the header was read and before the first pixel, with the most bytes that this will hold
    ///     in addition to the encoded image. If it returns false, `ImagingError.notAdmitted` is thrown.
    ///   - stop: ends the decode with `ImagingError.tookTooLong` or `.stopped`.
    package func jpeg(
        of image: [UInt8],
        admitting: (Int) -> Bool = { _ in true },
        stop: DecodeStop = DecodeStop()
    ) throws(ImagingError) -> [UInt8] {
        // The square's part, and the JPEG.
        let beside = 2 * Self.capacity(decoder.recipe.imageSize, decoder.recipe.imageSize)
        do throws(ImagingError) {
            let (square, frame) = try withExtendedLifetime(stop) { () throws(ImagingError) in
                try decoder.pixels(of: image, admitting: { admitting($0 + beside) }, stop: stop)
            }
            return try Self.encoded(square.part(of: frame))
        } catch .notAdmitted(let bytes) {
            throw .notAdmitted(bytes: bytes + beside)
        }
    }

    /// Differences are hardly seen at this quality, and a thumbnail has some 10 KB.
    private static let quality: Int32 = 80

    /// More bytes than a JPEG of so many pixels has: those of the pixels themselves, and its tables.
    private static func capacity(_ width: Int, _ height: Int) -> Int { 3 * width * height + (1 << 14) }

    private static func encoded(_ pixels: PixelBuffer) throws(ImagingError) -> [UInt8] {
        let capacity = capacity(pixels.width, pixels.height)
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            count = cjpeg_encode(
                pixels.bytes,
                Int32(pixels.width),
                Int32(pixels.height),
                quality,
                buffer.baseAddress,
                capacity
            )
        }
        guard !bytes.isEmpty else { throw .outOfMemory }
        return bytes
    }
}

extension PixelBuffer {
    /// The pixels of a picture alone, without what is around it in its square.
    fileprivate func part(of frame: PictureFrame) -> PixelBuffer {
        let (width, height) = (frame.columns.count, frame.rows.count)
        var part: [UInt8] = []
        part.reserveCapacity(width * height * 3)
        for row in frame.top..<frame.top + height {
            let start = (row * self.width + frame.left) * 3
            part += bytes[start..<start + width * 3]
        }
        return PixelBuffer(width: width, height: height, bytes: part)
    }
}
