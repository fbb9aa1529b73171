/// How much may ride together in one forward pass, and how little is worth sharing among threads.
package struct BatchLimits: Equatable, Sendable {
    /// Most images in one pass.
    ///
    /// Roboflow's clients send at most 8; more would make a single image wait longer behind them.
    package var images = 8
    /// Most text tokens in one pass, counted without padding; a single longer text still goes alone.
    package var textTokens = 512
    /// Tokens of an image, which threads can share among them; nil where the network has none to share.
    package var tokensPerImage: Int? = 50
    /// Fewest tokens that each of several threads gets of a shared pass.
    ///
    /// Each reads all weights, so that below this they wait for memory: with bf16 weights one core did 117 GFLOP/s with 6
    /// rows, 25 with one, and 206 with 50.
    package var leastTokens = 6

    /// The defaults.
    package init() {}
}
