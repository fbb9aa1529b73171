internal import CPictures

/// An image opened by its format's library.
///
/// Only this type calls libpng, libtiff, libwebp, libavif and libheif. It reads from bytes that it does not own, so it
/// lives inside the closure that lends them. It stays on one thread.
struct CodedPicture: ~Copyable, RowSource {
    let header: ImageHeader
    private let picture: OpaquePointer
    private let stop: DecodeStop

    /// The number of rows that are decoded at once.
    static let stripHeight = 8

    /// Opens a picture whose header was read and is within the limits.
    ///
    /// A picture that can only be decoded as a whole is decoded here.
    init(
        header: ImageHeader,
        stop: DecodeStop,
        open: (inout ImageHeader, inout cpicture_outcome, cpicture_clock) -> OpaquePointer?
    ) throws(ImagingError) {
        var header = header
        var outcome = cpicture_done
        guard let picture = open(&header, &outcome, stop.clock) else {
            throw Self.error(of: outcome, header.format, stop)
        }
        self.header = header
        self.picture = picture
        self.stop = stop
    }

    deinit {
        cpicture_close(picture)
    }

    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError) {
        let height = header.storedSize.height
        for first in stride(from: 0, to: height, by: Self.stripHeight) {
            let count = min(Self.stripHeight, height - first)
            var rows: UnsafePointer<UInt8>?
            var stride = 0
            let outcome = cpicture_read(picture, Int32(count), &rows, &stride)
            guard outcome == cpicture_done, let rows else {
                throw Self.error(of: outcome, header.format, stop)
            }
            body(RowStrip(first: first, count: count, pixels: rows, stride: stride))
        }
    }

    private static func error(
        of outcome: cpicture_outcome,
        _ format: ImageFormat,
        _ stop: DecodeStop
    ) -> ImagingError {
        switch outcome {
        case cpicture_no_memory: .outOfMemory
        case cpicture_stopped: stop.reason
        default: .badPixels(format)
        }
    }
}
