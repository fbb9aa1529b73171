/// The activation function between the two layers of an MLP.
///
/// It is computed as part of the first layer's product, not separately.
public enum Activation: Hashable, Sendable {
    /// `x * sigmoid(1.702 x)`, with which OpenAI trained.
    case quickGELU
    /// `x / 2 * (1 + erf(x / sqrt(2)))`, which most OpenCLIP checkpoints use.
    case gelu
    /// The tanh approximation of GELU, `gelu_pytorch_tanh` in a `config.json`.
    case tanhGELU
}
