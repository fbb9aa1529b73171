/// What a model wants done to its images: the side R of the square it sees, how a picture is brought there, and how its
/// floats are centred and scaled.
public struct PreprocessingRecipe: Equatable, Sendable {
    /// What becomes of a picture that is no square.
    public enum ResizeMode: String, Sendable, CaseIterable {
        /// The short side gets the wanted length, and the middle is kept.
        case shortest
        /// The long side gets it, and what is left of the square is filled with a colour.
        case longest
        /// Both sides get it, whatever that does to the shape.
        case squash
    }

    /// The side R of the square, in pixels.
    public let imageSize: Int
    /// Taken from red, green and blue, which lie between 0 and 1.
    public let mean: [Float]
    /// What red, green and blue are then divided by.
    public let standardDeviation: [Float]
    /// What becomes of a picture that is no square.
    public var resizeMode = ResizeMode.shortest
    /// The length that a side is resized to before the middle R x R is kept, in pixels: R, unless a file says otherwise.
    public let resizedSide: Int
    /// How pixels are weighed.
    public var filter = ResizeFilter.bicubic
    /// Red, green and blue of what a picture leaves free of the square.
    public var fillColour: FillColour = .black
    /// Whose rounding is followed.
    public var library = PreparingLibrary.openCLIP
    /// What makes a number between 0 and 1 of a byte.
    public let rescaleFactor: Double

    /// A colour of three bytes.
    public struct FillColour: Equatable, Sendable {
        /// From 0 to 255.
        public var red, green, blue: UInt8

        /// A colour by its three bytes.
        public init(red: UInt8, green: UInt8, blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }

        /// All zero.
        public static let black = FillColour(red: 0, green: 0, blue: 0)
    }

    /// R is from 1 to 4,096; there are three means and three deviations, finite, and no deviation is below
    /// zero or zero; a byte's factor is finite and above zero.
    ///
    /// The short side becomes `resizedSide`, or R without one, with bicubic filtering as in open_clip, unless the properties
    /// are set.
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
        // Numbers that are finite by themselves need not be so together: a byte would be no number, and an embedding none.
        for library in [PreparingLibrary.openCLIP, .transformers]
        where !byteValues(library).allSatisfy(\.isFinite) {
            throw .unsupportedSetting(
                name: "mean, standard deviation, rescale_factor",
                value: "\(mean), \(standardDeviation), \(rescaleFactor)"
            )
        }
    }

    /// (3, 256): the float that the network sees for each byte of red, green and blue.
    ///
    /// In single precision and in the library's order, so the floats are equal to the last bit: torchvision's ToTensor and
    /// Normalize (0.29.2), or `rescale_and_normalize` of transformers (5.24, image_processing_backends.py).
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

    /// OpenAI's means and deviations (clip/clip.py, `_transform`), for any R.
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

    /// Ten times what any published CLIP takes.
    private static let largestImageSize = 4096

    /// Where a picture of some size, upright, lies in the square once it is resized.
    package func frame(of size: PixelSize) -> PictureFrame {
        PictureFrame(of: resizedSize(of: size), side: imageSize, library: library)
    }

    private func resizedSize(of size: PixelSize) -> PixelSize {
        let side = resizedSide
        switch resizeMode {
        case .squash:
            return PixelSize(width: side, height: side)
        case .shortest:
            // The long side is cut to a whole pixel, as torchvision's Resize (0.29.2) and transformers do.
            return size.width <= size.height
                ? PixelSize(width: side, height: side * size.height / size.width)
                : PixelSize(width: side * size.width / size.height, height: side)
        case .longest:
            // open_clip's ResizeKeepRatio, in its order. Where a side is rounded to nothing, it fails; one pixel is kept here.
            let ratio = max(Double(size.height) / Double(side), Double(size.width) / Double(side))
            func length(_ source: Int) -> Int {
                max(1, Int((Double(source) / ratio).rounded(.toNearestOrEven)))
            }
            return PixelSize(width: length(size.width), height: length(size.height))
        }
    }
}
