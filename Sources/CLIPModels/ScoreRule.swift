#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How scores come of cosines, as training has left it in the checkpoint.
///
/// CLIP's loss compares all texts of a batch, so its scores share one among the labels: the softmax of scale x cosine.
/// SigLIP's judges each pair by itself, and has a bias: the sigmoid of scale x cosine + bias. So do the references' own
/// examples: openai/CLIP and open_clip in their READMEs, `CLIPModel` and `SiglipModel` of transformers (5.x) in their
/// documentation. A checkpoint with a bias is of the second kind, whatever its towers are.
public struct ScoreRule: Equatable, Sendable {
    /// The factor before cosines: `logit_scale.exp()` of the references.
    public let scale: Double
    /// What is added then; nil where the labels share one.
    public let bias: Double?

    /// The factor where a checkpoint has none, as those of one tower alone: 100, where OpenAI's training stopped it, and which
    /// all of its published models have.
    public static let usualScale = 100.0

    /// - Parameter bias: nil where the labels share one.
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

    /// Whether each label is judged by itself; otherwise the scores of all sum to one.
    public var isOfPairs: Bool { bias != nil }

    /// A score for each cosine, from 0 to 1.
    ///
    /// Of cosines that are no numbers there are none either.
    public func scores(of cosines: [Float]) -> [Float] {
        if let bias { return cosines.map { Float(1 / (1 + exp(-(scale * Double($0) + bias)))) } }
        // The greatest is taken off first, as in every softmax, so that nothing overflows.
        guard let greatest = cosines.max() else { return [] }
        let parts = cosines.map { exp(scale * (Double($0) - Double(greatest))) }
        let sum = parts.reduce(0, +)
        return parts.map { Float($0 / sum) }
    }
}
