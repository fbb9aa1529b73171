internal import CJPEG

/// A JPEG opened by libjpeg-turbo.
///
/// Only this type calls the library. It reads from bytes that it does not own, so it lives inside the closure that
/// lends them. It stays on one thread.
struct JPEGPicture: ~Copyable, RowSource {
    let header: ImageHeader
    private let converter: SampleConverter
    private let samples: Int
    private let picture: OpaquePointer
    private let stop: DecodeStop

    /// The number of rows that are decoded at once.
    private static let stripHeight = 8

    /// Reads the header, asks for admission, and prepares to decode, at a reduced size if `admitting` says so.
    ///
    /// - Parameters:
    ///   - image: the bytes, which must not move.
    ///   - stop: checked every few rows; it has to outlive the picture.
    ///   - admitting: called with the full picture's header before the first pixel. Afterwards `header` has the reduced
    ///     size.
    init(
        _ image: UnsafeRawBufferPointer,
        stop: DecodeStop,
        admitting: (ImageHeader) throws(ImagingError) -> JPEGShrink
    ) throws(ImagingError) {
        let clock = cjpeg_clock(
            is_over: { context in
                guard let context else { return 0 }
                return Unmanaged<DecodeStop>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
            },
            context: Unmanaged.passUnretained(stop).toOpaque()
        )
        var found = cjpeg_header()
        var outcome = cjpeg_done
        let bytes = image.assumingMemoryBound(to: UInt8.self).baseAddress
        guard let picture = cjpeg_open(bytes, image.count, clock, &found, &outcome) else {
            throw outcome == cjpeg_damaged ? .badHeader(.jpeg) : Self.error(of: outcome, stop)
        }
        do throws(ImagingError) {
            let size = PixelSize(width: Int(found.width), height: Int(found.height))
            guard size.width > 0, size.height > 0 else { throw .badHeader(.jpeg) }
            let exif = UnsafeRawBufferPointer(start: found.exif, count: found.exif_count)
            var header = ImageHeader(
                format: .jpeg,
                storedSize: size,
                orientation: Orientation(exif: exif),
                memoryBytes: found.working_memory + Self.stripHeight * size.width * (3 + 4)
            )
            var width: Int32 = 0
            var height: Int32 = 0
            let shrink = try admitting(header)
            let outcome = cjpeg_start(picture, shrink.rawValue, &width, &height)
            guard outcome == cjpeg_done else { throw Self.error(of: outcome, stop) }
            header.storedSize = PixelSize(width: Int(width), height: Int(height))
            self.header = header
        } catch {
            cjpeg_close(picture)
            throw error
        }
        self.stop = stop
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
            let outcome = cjpeg_read(picture, &stored, Int32(count))
            guard outcome == cjpeg_done else { throw Self.error(of: outcome, stop) }
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

    private static func error(of outcome: cjpeg_outcome, _ stop: DecodeStop) -> ImagingError {
        switch outcome {
        case cjpeg_no_memory: .outOfMemory
        case cjpeg_stopped: stop.reason
        default: .badPixels(.jpeg)
        }
    }
}
