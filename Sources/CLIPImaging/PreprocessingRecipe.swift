/// What a model needs done to its images.
///
/// This is the side R of the square that it sees, how a picture is fitted into the square, and how the floats are
/// centred and scaled.
public struct PreprocessingRecipe: Equatable, Sendable {
    /// How a picture that is not square is fitted into the square.
    public enum ResizeMode: String, Sendable, CaseIterable {
        /// The short side gets the wanted length, and the middle of the long side is kept.
        case shortest
        /// The long side gets the wanted length, and the rest of the square is filled with a colour.
        case longest
        /// Both sides get the wanted length, which distorts the picture.
        case squash
    }

    /// The side R of the square, in pixels.
    public let imageSize: Int
    /// The means of red, green and blue, which are subtracted; colours lie between 0 and 1.
    public let mean: [Float]
    /// The deviations of red, green and blue, by which the differences are divided.
    public let standardDeviation: [Float]
    /// How a picture that is not square is fitted into the square.
    public var resizeMode = ResizeMode.shortest
    /// The length that a side is resized to before the middle R x R is kept, in pixels; R unless a file says otherwise.
    public let resizedSide: Int
    /// How pixels are weighted when a picture is resized.
    public var filter = ResizeFilter.bicubic
    /// The colour of the part of the square that a picture leaves free.
    public var fillColour: FillColour = .black
    /// The library whose rounding is followed.
    public var library = PreparingLibrary.openCLIP
    /// Whether `longest` leaves a picture that is smaller than the square as it is, which no model wants.
    var leavesSmallPictures = false
    /// The factor that turns a byte into a number between 0 and 1.
    public let rescaleFactor: Double

    /// A colour of three bytes.
    public struct FillColour: Equatable, Sendable {
        /// The colour's parts, each from 0 to 255.
        public var red, green, blue: UInt8

        /// Makes a colour of its three parts.
        public init(red: UInt8, green: UInt8, blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }

        /// Black, where all parts are zero.
        public static let black = FillColour(red: 0, green: 0, blue: 0)
    }

    /// Makes a recipe; the arguments have to be within bounds.
    ///
    /// R is from 1 to 4,096. There are three means and three deviations; all are finite, and the deviations are above
    /// zero. The factor for bytes is finite and above zero.
    ///
    /// The short side becomes `resizedSide`, or R if that is nil, with bicubic filtering as in open_clip, unless the
    /// properties are set otherwise.
    public init(
        imageSize: Int,
        mean: [Float],
        standardDeviation: [Float],
        resizedSide: Int? = nil,
        rescaleFactor: Double = 1 / 255
    ) throws(ImagingError) {
        for side in [imageSize, resizedSide ?? imageSize] where !(1...Self.largestImageSize).contains(side) {
            throw .unsupportedSetting(name: "image size", value: "\(side)")
        }
        guard mean.count == 3, mean.allSatisfy(\.isFinite) else {
            throw .unsupportedSetting(name: "mean", value: "\(mean)")
        }
        guard standardDeviation.count == 3, standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .unsupportedSetting(name: "standard deviation", value: "\(standardDeviation)")
        }
        guard rescaleFactor.isFinite, rescaleFactor > 0 else {
            throw .unsupportedSetting(name: "rescale_factor", value: "\(rescaleFactor)")
        }
        self.imageSize = imageSize
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.resizedSide = resizedSide ?? imageSize
        self.rescaleFactor = rescaleFactor
        // Values that are finite one by one may still make a float that is not, and so no embedding.
        for library in [PreparingLibrary.openCLIP, .transformers]
        where !byteValues(library).allSatisfy(\.isFinite) {
            throw .unsupportedSetting(
                name: "mean, standard deviation, rescale_factor",
                value: "\(mean), \(standardDeviation), \(rescaleFactor)"
            )
        }
    }

    /// The float that the network sees for each byte of red, green and blue: (3, 256).
    ///
    /// It is computed in single precision and in the library's order, so the floats are equal to the last bit:
    /// torchvision's ToTensor and Normalize (0.29.2), or `rescale_and_normalize` of transformers (5.24,
    /// image_processing_backends.py).
    public var byteValues: [Float] { byteValues(library) }

    private func byteValues(_ library: PreparingLibrary) -> [Float] {
        let scale = Float(1 / rescaleFactor)
        return zip(mean, standardDeviation).flatMap { mean, deviation in
            (0..<256).map { byte in
                switch library {
                case .openCLIP: (Float(byte) / 255 - mean) / deviation
                case .transformers: (Float(byte) - mean * scale) / (deviation * scale)
                }
            }
        }
    }

    /// OpenAI's recipe for any R, with the means and deviations of clip/clip.py, `_transform`.
    public static func openAI(imageSize: Int) -> PreprocessingRecipe {
        precondition((1...largestImageSize).contains(imageSize), "An image size is from 1 to 4,096.")
        return PreprocessingRecipe(checkedImageSize: imageSize)
    }

    private init(checkedImageSize: Int) {
        (imageSize, resizedSide) = (checkedImageSize, checkedImageSize)
        (mean, standardDeviation) = (Self.openAIMean, Self.openAIStandardDeviation)
        rescaleFactor = 1 / 255
    }

    static let openAIMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    static let openAIStandardDeviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// The largest R: ten times that of any published CLIP.
    private static let largestImageSize = 4096

    /// The place of an upright picture of some size in the square, after resizing.
    package func frame(of size: PixelSize) -> PictureFrame {
        PictureFrame(of: resizedSize(of: size), side: imageSize, library: library)
    }

    private func resizedSize(of size: PixelSize) -> PixelSize {
        let side = resizedSide
        switch resizeMode {
        case .squash:
            return PixelSize(width: side, height: side)
        case .shortest:
            // The long side is rounded down to a whole pixel, as in torchvision's Resize (0.29.2) and in transformers.
            return size.width <= size.height
                ? PixelSize(width: side, height: side * size.height / size.width)
                : PixelSize(width: side * size.width / size.height, height: side)
        case .longest:
            // This is open_clip's ResizeKeepRatio, in its order. It fails if a side is rounded to nothing; here one
            // pixel is kept.
            var ratio = max(Double(size.height) / Double(side), Double(size.width) / Double(side))
            if leavesSmallPictures { ratio = max(ratio, 1) }
            func length(_ source: Int) -> Int {
                max(1, Int((Double(source) / ratio).rounded(.toNearestOrEven)))
            }
            return PixelSize(width: length(size.width), height: length(size.height))
        }
    }
}
