import CJPEG

/// A JPEG opened by libjpeg-turbo: the only place that calls it.
///
/// libvips reads JPEGs through the same library and gives the same pixels, but takes a quarter more time for
/// a large photograph and almost twice as much for a small one.
///
/// The picture reads from bytes that it does not own, so it lives inside the closure that lends them. It
/// stays on one thread.
struct JPEGPicture: ~Copyable, RowSource {
    let header: ImageHeader
    private let converter: SampleConverter
    private let samples: Int
    private let picture: OpaquePointer

    /// Rows that are decoded before they are handed on.
    private static let stripHeight = 8

    /// Reads the header, checks it, and prepares for decoding, at a fraction of the size if `shrinking` says
    /// so.
    ///
    /// `shrinking` is given the size of the whole picture as it is stored. `header` then has the size that is
    /// left.
    init(
        _ image: UnsafeRawBufferPointer,
        limits: ImageLimits,
        shrinking: (ImageHeader) -> JPEGShrink
    ) throws(ImagingError) {
        var found = cjpeg_header()
        let bytes = image.assumingMemoryBound(to: UInt8.self).baseAddress
        guard let picture = cjpeg_open(bytes, image.count, &found) else { throw .badHeader(.jpeg) }
        do throws(ImagingError) {
            let size = PixelSize(width: Int(found.width), height: Int(found.height))
            guard size.width > 0, size.height > 0 else { throw .badHeader(.jpeg) }
            try limits.check(width: size.width, height: size.height)
            let exif = UnsafeRawBufferPointer(start: found.exif, count: found.exif_count)
            var header = ImageHeader(format: .jpeg, storedSize: size, orientation: Orientation(exif: exif))
            var width: Int32 = 0
            var height: Int32 = 0
            let shrink = shrinking(header)
            guard cjpeg_start(picture, shrink.rawValue, &width, &height) != 0 else { throw .badPixels(.jpeg) }
            header.storedSize = PixelSize(width: Int(width), height: Int(height))
            self.header = header
        } catch {
            cjpeg_close(picture)
            throw error
        }
        switch found.colours {
        case cjpeg_colours_grey: (converter, samples) = (Self.converter(for: .grey, samples: 1), 1)
        case cjpeg_colours_rgb: (converter, samples) = (Self.converter(for: .rgb, samples: 3), 3)
        default: (converter, samples) = (Self.converter(for: .cmyk, samples: 4), 4)
        }
        self.picture = picture
    }

    deinit {
        cjpeg_close(picture)
    }

    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError) {
        let size = header.storedSize
        let (storedBytes, rowBytes) = (size.width * samples, size.width * 3)
        var stored = [UInt8](repeating: 0, count: Self.stripHeight * storedBytes)
        var converted = [UInt8](repeating: 0, count: converter.isIdentity ? 0 : Self.stripHeight * rowBytes)
        for first in stride(from: 0, to: size.height, by: Self.stripHeight) {
            let count = min(Self.stripHeight, size.height - first)
            guard cjpeg_read(picture, &stored, Int32(count)) != 0 else { throw .badPixels(.jpeg) }
            stored.withUnsafeBufferPointer { stored in
                guard let stored = stored.baseAddress else { return }
                if converter.isIdentity {
                    body(RowStrip(first: first, count: count, pixels: stored, stride: storedBytes))
                    return
                }
                converted.withUnsafeMutableBufferPointer { converted in
                    guard let base = converted.baseAddress else { return }
                    converter.convert(stored, width: size.width * count, into: base)
                    body(RowStrip(first: first, count: count, pixels: base, stride: rowBytes))
                }
            }
        }
    }

    private static func converter(
        for colours: SampleConverter.Colours,
        samples: Int
    ) -> SampleConverter {
        SampleConverter(colours: colours, samples: samples, bytesPerSample: 1)
    }
}
