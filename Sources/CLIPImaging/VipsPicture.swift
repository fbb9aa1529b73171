import CVips

/// An image opened by libvips: the only place that calls it.
///
/// The picture reads from bytes that it does not own, so it lives inside the closure that lends them. It
/// stays on one thread.
struct VipsPicture: ~Copyable, RowSource {
    let header: ImageHeader
    private let converter: SampleConverter
    private let picture: OpaquePointer

    /// Rows that libvips is asked for at once.
    private static let stripHeight = 8

    /// libvips starts once in a process, which is a rule of the library and not a state of ours: it keeps one
    /// table of operations, whatever we do.
    ///
    /// Swift runs this initialiser once, and lets other threads wait for it.
    private static let isStarted = cvips_start() != 0

    /// Reads the header of an image whose format was sniffed.
    init(_ image: UnsafeRawBufferPointer, format: ImageFormat, limits: ImageLimits) throws(ImagingError) {
        guard Self.isStarted, let loader = Self.loader(of: format), cvips_can_load(loader) != 0 else {
            throw .formatNotAvailable(format)
        }
        var found = cvips_header()
        guard let picture = cvips_open(loader, image.baseAddress, image.count, &found) else {
            throw .badHeader(format)
        }
        do throws(ImagingError) {
            let size = PixelSize(width: Int(found.width), height: Int(found.height))
            guard size.width > 0, size.height > 0 else { throw .badHeader(format) }
            try limits.check(width: size.width, height: size.height)
            converter = try Self.converter(for: found, format: format)
            header = ImageHeader(
                format: format,
                storedSize: size,
                orientation: Orientation(tag: Int(found.orientation))
            )
        } catch {
            cvips_close(picture)
            throw error
        }
        self.picture = picture
    }

    deinit {
        cvips_close(picture)
    }

    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError) {
        let size = header.storedSize
        let width = size.width * 3
        var converted = [UInt8](
            repeating: 0,
            count: converter.isIdentity ? 0 : Self.stripHeight * width
        )
        var first = 0
        while first < size.height {
            let count = min(Self.stripHeight, size.height - first)
            var stride = 0
            guard let strip = cvips_rows(picture, Int32(first), Int32(count), &stride) else {
                throw .badPixels(header.format)
            }
            if converter.isIdentity {
                body(RowStrip(first: first, count: count, pixels: strip, stride: stride))
            } else {
                converted.withUnsafeMutableBufferPointer { converted in
                    guard let base = converted.baseAddress else { return }
                    for row in 0..<count {
                        converter.convert(strip + row * stride, width: size.width, into: base + row * width)
                    }
                    body(RowStrip(first: first, count: count, pixels: base, stride: width))
                }
            }
            first += count
        }
    }

    private static func loader(of format: ImageFormat) -> cvips_loader? {
        switch format {
        case .png: cvips_png
        case .webp: cvips_webp
        case .gif: cvips_gif
        case .tiff: cvips_tiff
        case .avif, .heic: cvips_heif
        case .jpeg: nil  // `JPEGPicture` is quicker
        case .bmp: nil  // libvips leaves it to ImageMagick, which is no place for bytes from outside
        }
    }

    private static func converter(
        for header: cvips_header,
        format: ImageFormat
    ) throws(ImagingError) -> SampleConverter {
        let colours: SampleConverter.Colours
        switch header.colours {
        case cvips_colours_grey: colours = .grey
        case cvips_colours_rgb: colours = .rgb
        case cvips_colours_cmyk: colours = .cmyk
        default: throw .unsupportedColours(format)
        }
        return SampleConverter(
            colours: colours,
            samples: Int(header.samples),
            bytesPerSample: Int(header.bytes_per_sample)
        )
    }
}
