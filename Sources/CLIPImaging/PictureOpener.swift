internal import CPictures

/// A picture of a format that a system library decodes, after its header was read and before its first pixel.
struct PictureOpener {
    let header: ImageHeader
    private let file: FileFields
    private let kind: Kind

    private enum Kind {
        case png(PNGHeader)
        case webp(WebPHeader)
        case tiff(TIFFHeader)
        case avif(MediaHeader)
        case heic(MediaHeader)
    }

    /// Reads the header; the library does not see the file yet.
    init(_ file: FileFields, format: ImageFormat, stop: DecodeStop) throws(ImagingError) {
        self.file = file
        switch format {
        case .png:
            guard let png = PNGHeader(file) else { throw .badHeader(format) }
            kind = .png(png)
            header = ImageHeader(
                format: format,
                storedSize: png.size,
                orientation: png.orientation,
                memoryBytes: png.memoryBytes
            )
        case .webp:
            guard let webp = WebPHeader(file) else { throw .badHeader(format) }
            let head = try webp.isLossless ? Self.head(of: webp, in: file, stop) : nil
            kind = .webp(webp)
            let pixels = webp.frame.width.times(webp.frame.height)
            header = ImageHeader(
                format: format,
                storedSize: webp.size,
                orientation: webp.orientation,
                memoryBytes: webp.memoryBytes(head),
                unstoppablePixels: head?.work(pixels: pixels) ?? pixels
            )
        case .tiff:
            let tiff = try TIFFHeader(file)
            kind = .tiff(tiff)
            header = ImageHeader(
                format: format,
                storedSize: tiff.size,
                orientation: tiff.orientation,
                memoryBytes: tiff.memoryBytes
            )
        case .avif, .heic:
            guard format == .avif || cheif_is_available() != 0 else { throw .formatNotAvailable(format) }
            let media = try MediaHeader(file, format: format)
            kind = format == .avif ? .avif(media) : .heic(media)
            header = ImageHeader(
                format: format,
                storedSize: media.size,
                orientation: media.orientation,
                memoryBytes: media.memoryBytes,
                unstoppablePixels: media.codedPixels
            )
        case .jpeg, .gif, .bmp:
            preconditionFailure("JPEG, GIF and BMP have decoders of their own.")
        }
    }

    private static func head(
        of webp: WebPHeader,
        in file: FileFields,
        _ stop: DecodeStop
    ) throws(ImagingError) -> LosslessWebPHead {
        guard let body = file.part(from: webp.coded.lowerBound + 8, to: webp.coded.upperBound),
            let head = try LosslessWebPHead(body, stop: stop)
        else { throw .badHeader(.webp) }
        return head
    }

    /// Opens the picture with its format's library.
    func open(stop: DecodeStop) throws(ImagingError) -> CodedPicture {
        try CodedPicture(header: header, stop: stop) { header, outcome, clock in
            let bytes = file.bytes.assumingMemoryBound(to: UInt8.self).baseAddress
            let count = file.count
            switch kind {
            case .png(let png):
                let size = cpng_header(
                    width: UInt32(png.size.width),
                    height: UInt32(png.size.height),
                    is_interlaced: png.isInterlaced ? 1 : 0
                )
                return cpng_open(bytes, count, size, clock, &outcome)
            case .webp(let webp):
                let place = cwebp_header(
                    width: Int32(webp.size.width),
                    height: Int32(webp.size.height),
                    left: Int32(webp.left),
                    top: Int32(webp.top),
                    frame_width: Int32(webp.frame.width),
                    frame_height: Int32(webp.frame.height)
                )
                let chunk = bytes.map { $0 + webp.coded.lowerBound }
                return cwebp_open(chunk, webp.coded.count, place, clock, &outcome)
            case .tiff(let tiff):
                return ctiff_open(bytes, count, tiff.decoder, clock, &outcome)
            case .avif(let media):
                return cavif_open(bytes, count, media.decoder, clock, &outcome)
            case .heic(let media):
                // The library turns and crops the picture itself.
                var size = (width: Int32(0), height: Int32(0))
                let picture = cheif_open(
                    bytes,
                    count,
                    media.decoder,
                    clock,
                    &size.width,
                    &size.height,
                    &outcome
                )
                header.storedSize = PixelSize(width: Int(size.width), height: Int(size.height))
                header.orientation = .upright
                return picture
            }
        }
    }
}

extension MediaHeader {
    fileprivate var decoder: cmedia_header {
        cmedia_header(
            width: UInt32(size.width),
            height: UInt32(size.height),
            most_pixels: UInt32(clamping: mostPixels)
        )
    }
}
