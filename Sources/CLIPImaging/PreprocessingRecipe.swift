/// What a model wants done to its images: the side R of the square it sees, and how its floats are centred
/// and scaled.
///
/// The rest is the same for every CLIP: the short side becomes R with bicubic filtering, the middle R x R is
/// kept.
public struct PreprocessingRecipe: Equatable, Sendable {
    /// The side R of the square, in pixels.
    public let imageSize: Int
    /// Taken from red, green and blue, which lie between 0 and 1.
    public let mean: [Float]
    /// What red, green and blue are then divided by.
    public let standardDeviation: [Float]

    /// R is from 1 to 4,096; there are three means and three deviations, finite, and no deviation is below
    /// zero or zero.
    public init(imageSize: Int, mean: [Float], standardDeviation: [Float]) throws(ImagingError) {
        guard (1...Self.largestImageSize).contains(imageSize) else {
            throw .unsupportedSetting(name: "image size", value: "\(imageSize)")
        }
        guard mean.count == 3, mean.allSatisfy(\.isFinite) else {
            throw .unsupportedSetting(name: "mean", value: "\(mean)")
        }
        guard standardDeviation.count == 3, standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .unsupportedSetting(name: "standard deviation", value: "\(standardDeviation)")
        }
        self.init(checkedImageSize: imageSize, mean: mean, standardDeviation: standardDeviation)
    }

    /// (3, 256): the float that the network sees for each byte of red, green and blue.
    ///
    /// A 255th of the byte, less the mean, over the deviation: torchvision's ToTensor and Normalize (0.29.2) in single
    /// precision, in that order, so the floats are equal to the last bit.
    public var byteValues: [Float] {
        zip(mean, standardDeviation).flatMap { mean, deviation in
            (0..<256).map { (Float($0) / 255 - mean) / deviation }
        }
    }

    /// OpenAI's means and deviations (clip/clip.py, `_transform`), for any R.
    public static func openAI(imageSize: Int) -> PreprocessingRecipe {
        precondition((1...largestImageSize).contains(imageSize), "An image size is from 1 to 4,096.")
        return PreprocessingRecipe(
            checkedImageSize: imageSize,
            mean: openAIMean,
            standardDeviation: openAIStandardDeviation
        )
    }

    private init(checkedImageSize: Int, mean: [Float], standardDeviation: [Float]) {
        imageSize = checkedImageSize
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    static let openAIMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    static let openAIStandardDeviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// Ten times what any published CLIP takes.
    private static let largestImageSize = 4096

    /// The short side becomes R; the long side is cut to a whole pixel, as torchvision's Resize does
    /// (0.29.2).
    func resizedSize(of size: PixelSize) -> PixelSize {
        size.width <= size.height
            ? PixelSize(width: imageSize, height: imageSize * size.height / size.width)
            : PixelSize(width: imageSize * size.width / size.height, height: imageSize)
    }
}
