/// Limits on the images that are accepted.
///
/// All of them are checked against the header, before a pixel is decoded.
public struct ImageLimits: Equatable, Sendable {
    /// The most bytes of an encoded image.
    ///
    /// 64 MiB by default: several times the largest photograph of a phone.
    public var maxEncodedBytes: Int

    /// The most pixels, as width times height.
    ///
    /// 2^26 by default, so that the 50 and 64 megapixel modes of phone cameras fit.
    ///
    /// Most pictures are resized while they are decoded, and cost a few rows of memory in any orientation. Pictures for
    /// which this is impossible (progressive JPEG, interlaced PNG, WebP, AVIF, HEIC) cost up to eight bytes a pixel
    /// while they are decoded, which `maxDecodeBytes` limits.
    public var maxPixels: Int

    /// The most pixels that all frames of an AVIF have together.
    ///
    /// 2^24 by default, and 1.5 MiB for `maxAVIFBytes`. The decoder (dav1d) cannot be stopped within a frame. An image
    /// at these limits takes it about a fifth of a second, measured on one core of a server.
    public var maxAVIFPixels: Int
    /// The most bytes of an AVIF file, which `maxAVIFPixels` explains.
    public var maxAVIFBytes: Int

    /// The most pixels of a WebP's frame, as width times height, weighted by what they cost.
    ///
    /// The decoder cannot be stopped while a few bytes stand for all pixels. A pixel of a lossless picture counts as up
    /// to 2.6, depending on the picture's transforms, and each of its sets of codes as 1,600, because they take that
    /// much longer.
    ///
    /// 40,000,000 by default.
    public var maxWebPPixels: Int

    /// The most bytes that decoding one picture may hold in addition to the encoded image, as estimated from its
    /// header.
    ///
    /// 512 MB by default.
    public var maxDecodeBytes: Int

    /// The longest side in pixels.
    ///
    /// 65,535 by default, the longest that JPEG can state.
    public var maxSide: Int

    /// The largest ratio of the longer side to the shorter.
    ///
    /// 10,000 by default. This is generous on purpose: only pixels that the centre crop keeps are ever computed, so a 1
    /// x 500 picture costs no more than a square one.
    public var maxAspectRatio: Int

    /// The formats that are accepted.
    ///
    /// All except HEIC by default. The HEIC decoder (libde265) cannot be interrupted, and only the size of a picture
    /// limits what it costs, so HEIC has to be asked for.
    public var formats: Set<ImageFormat>

    /// Makes limits; each property names its default.
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

    /// Describes everything that is wrong with these limits, in sentences; empty if they are valid.
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

    /// The longest side that any supported format can state.
    private static let longestSide = 10_000_000

    /// Refuses a picture by the size that its header announces.
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

    /// Refuses a picture whose decoder might run too long before it can be stopped.
    func checkUnstoppable(_ header: ImageHeader) throws(ImagingError) {
        guard let unstoppable = header.unstoppablePixels else { return }
        let limit =
            header.format == .avif ? maxAVIFPixels : header.format == .webp ? maxWebPPixels : maxPixels
        guard unstoppable <= limit else {
            throw .tooManyPixelsOf(header.format, count: unstoppable, limit: limit)
        }
    }
}

/// The command's flags that set these limits, which refusals name.
extension ImageLimits {
    package static let bytesFlag = "--max-image-bytes"
    package static let sideFlag = "--max-image-side"
    package static let ratioFlag = "--max-image-aspect"

    /// The flag for the pixels of a format, counting everything that is coded in the file.
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
