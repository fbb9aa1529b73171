#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Turns cosines into scores, with the numbers that training has left in the checkpoint.
///
/// CLIP's loss compares all texts of a batch, so its scores are the softmax of scale x cosine over the labels. SigLIP's
/// loss judges each pair separately and has a bias, so its scores are the sigmoid of scale x cosine + bias. The
/// references' own examples do the same: openai/CLIP and open_clip in their READMEs, `CLIPModel` and `SiglipModel` of
/// transformers (5.x) in their documentation. A checkpoint with a bias is of the second kind, whatever its towers are.
public struct ScoreRule: Equatable, Sendable {
    /// The factor of the cosines, which is `logit_scale.exp()` in the references.
    public let scale: Double
    /// The number added to each product for the sigmoid; nil for the softmax.
    public let bias: Double?

    /// The scale for a checkpoint without one, such as that of a single tower.
    ///
    /// It is 100, where OpenAI's training limited it; all of OpenAI's published models have it.
    public static let usualScale = 100.0

    /// - Parameter bias: the number added to each product for the sigmoid; nil for the softmax.
    public init(scale: Double = usualScale, bias: Double? = nil) {
        self.scale = scale
        self.bias = bias
    }

    /// Reads the two numbers, each of which may be absent.
    init(_ weights: WeightReader) throws(ModelError) {
        let logarithm = try weights.number(CheckpointNames.scoreScale)
        if let logarithm, !Float(exp(Double(logarithm))).isFinite {
            throw .scaleTooLarge(tensor: CheckpointNames.scoreScale, value: logarithm)
        }
        scale = logarithm.map { exp(Double($0)) } ?? Self.usualScale
        bias = try weights.number(CheckpointNames.scoreBias).map(Double.init)
    }

    /// Whether each label is judged separately (sigmoid); otherwise all scores add up to one (softmax).
    public var isOfPairs: Bool { bias != nil }

    /// A score from 0 to 1 for each cosine.
    ///
    /// If cosines are not numbers, scores are not either.
    public func scores(of cosines: [Float]) -> [Float] {
        if let bias { return cosines.map { Float(1 / (1 + exp(-(scale * Double($0) + bias)))) } }
        // As in every softmax, the greatest cosine is subtracted first, so that nothing overflows.
        guard let greatest = cosines.max() else { return [] }
        let parts = cosines.map { exp(scale * (Double($0) - Double(greatest))) }
        let sum = parts.reduce(0, +)
        return parts.map { Float($0 / sum) }
    }
}
