/// The non-linearity between the two layers of an MLP.
///
/// It runs inside the first one's product, not on its own.
public enum Activation: Hashable, Sendable {
    /// `x * sigmoid(1.702 x)`, which OpenAI trained with.
    case quickGELU
    /// `x / 2 * (1 + erf(x / sqrt(2)))`, which most OpenCLIP checkpoints use.
    case gelu
    /// The tanh approximation of GELU, `gelu_pytorch_tanh` in a `config.json`.
    case tanhGELU
}
