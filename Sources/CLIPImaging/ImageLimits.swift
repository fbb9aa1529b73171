/// How much of an image is taken on.
///
/// All of it is checked against the header, before a pixel is decoded.
public struct ImageLimits: Equatable, Sendable {
    /// Bytes of the encoded image.
    ///
    /// 64 MiB by default: several times the largest photograph of a phone.
    public var maxEncodedBytes: Int

    /// Width times height.
    ///
    /// 2^26 by default, so that the 50 and 64 megapixel modes of phone cameras fit.
    ///
    /// Most pictures are resized while they are decoded, and cost a few rows of memory, however they lie.
    /// Those that cannot be (progressive JPEG, interlaced PNG, WebP, AVIF, HEIC) cost up to eight bytes a
    /// pixel while they are decoded, which `maxDecodeBytes` limits.
    public var maxPixels: Int

    /// Pixels that the frames of an AVIF have together, and bytes of the file.
    ///
    /// 2^24 and 1.5 MiB by default. Its decoder (dav1d) cannot be stopped within a frame; so much takes it about a fifth
    /// of a second, measured on one core of a server.
    public var maxAVIFPixels: Int
    /// See `maxAVIFPixels`.
    public var maxAVIFBytes: Int

    /// Width times height of a WebP's frame, whose decoder cannot be stopped where a few bytes stand for all pixels.
    ///
    /// A pixel of a lossless one counts as up to 2.6, by its transforms, and each of its sets of codes as 1600: what takes as
    /// long.
    ///
    /// 40,000,000 by default.
    public var maxWebPPixels: Int

    /// Bytes that decoding one picture may hold beside the encoded ones, as its header lets expect.
    ///
    /// 512 MB by default.
    public var maxDecodeBytes: Int

    /// The longer side in pixels.
    ///
    /// 65,535 by default, the most that JPEG can say.
    public var maxSide: Int

    /// The longer side over the shorter.
    ///
    /// 10,000 by default.
    ///
    /// Generous on purpose: only pixels that the centre crop keeps are ever computed, so a 1 x 500 picture
    /// costs no more than a square one.
    public var maxAspectRatio: Int

    /// The formats that are read at all.
    ///
    /// All but HEIC by default. Its decoder (libde265) cannot be interrupted, and what a picture costs it is bounded by
    /// its size only; it has to be asked for.
    public var formats: Set<ImageFormat>

    /// Limits with the defaults that each property names.
    public init(
        maxEncodedBytes: Int = 64 << 20,
        maxPixels: Int = 1 << 26,
        maxSide: Int = 65_535,
        maxAspectRatio: Int = 10_000,
        maxAVIFPixels: Int = 12 << 20,
        maxAVIFBytes: Int = 3 << 19,
        maxWebPPixels: Int = 40_000_000,
        maxDecodeBytes: Int = 512_000_000,
        formats: Set<ImageFormat> = ImageFormat.readByDefault
    ) {
        self.maxEncodedBytes = maxEncodedBytes
        self.maxPixels = maxPixels
        self.maxSide = maxSide
        self.maxAspectRatio = maxAspectRatio
        self.maxAVIFPixels = maxAVIFPixels
        self.maxAVIFBytes = maxAVIFBytes
        self.maxWebPPixels = maxWebPPixels
        self.maxDecodeBytes = maxDecodeBytes
        self.formats = formats
    }

    /// Everything that is wrong with these limits, in sentences; empty when they are sound.
    public func validate() -> [String] {
        var problems: [String] = []
        func require(_ name: String, _ value: Int, in range: ClosedRange<Int>) {
            if !range.contains(value) {
                problems.append(
                    "\(name) is \(value); it has to be from \(range.lowerBound) to \(range.upperBound)"
                )
            }
        }
        require("maxEncodedBytes", maxEncodedBytes, in: 1...(1 << 31))
        require("maxPixels", maxPixels, in: 1...(1 << 30))
        require("maxSide", maxSide, in: 1...Self.longestSide)
        require("maxAspectRatio", maxAspectRatio, in: 1...Self.longestSide)
        require("maxAVIFPixels", maxAVIFPixels, in: 1...(1 << 30))
        require("maxAVIFBytes", maxAVIFBytes, in: 1...(1 << 31))
        require("maxWebPPixels", maxWebPPixels, in: 1...(1 << 30))
        require("maxDecodeBytes", maxDecodeBytes, in: 1...Int.max)
        if formats.isEmpty { problems.append("formats is empty; at least one format has to be read") }
        return problems
    }

    /// No format that is read here says more.
    private static let longestSide = 10_000_000

    /// Refuses a picture by its announced size.
    func check(width: Int, height: Int) throws(ImagingError) {
        let (short, long) = (min(width, height), max(width, height))
        guard long <= maxSide else { throw .sideTooLong(width: width, height: height, limit: maxSide) }
        guard width <= maxPixels / height else {
            throw .tooManyPixels(width: width, height: height, limit: maxPixels)
        }
        guard long <= short * maxAspectRatio else {
            throw .tooElongated(width: width, height: height, limit: maxAspectRatio)
        }
    }

    /// Refuses a picture that its decoder would work on for longer than anyone should wait for it to stop.
    func checkUnstoppable(_ header: ImageHeader) throws(ImagingError) {
        guard let unstoppable = header.unstoppablePixels else { return }
        let limit =
            header.format == .avif ? maxAVIFPixels : header.format == .webp ? maxWebPPixels : maxPixels
        guard unstoppable <= limit else {
            throw .tooManyPixelsOf(header.format, count: unstoppable, limit: limit)
        }
    }
}

/// The flags of the command that set these limits, for the words of refusals.
extension ImageLimits {
    package static let bytesFlag = "--max-image-bytes"
    package static let sideFlag = "--max-image-side"
    package static let ratioFlag = "--max-image-aspect"

    /// Of the pixels that are decoded of a format, all that is coded in the file counted.
    package static func pixelFlag(of format: ImageFormat) -> String {
        switch format {
        case .avif: "--max-avif-pixels"
        case .webp: "--max-webp-pixels"
        case .jpeg, .png, .gif, .bmp, .tiff, .heic: "--max-image-pixels"
        }
    }

    package static func byteFlag(of format: ImageFormat) -> String {
        format == .avif ? "--max-avif-bytes" : bytesFlag
    }
}
