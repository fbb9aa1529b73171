/// How much may ride together in one forward pass, and how little is worth sharing among threads.
package struct BatchLimits: Equatable, Sendable {
    /// Most images in one pass.
    ///
    /// Roboflow's clients send at most 8; more would make a single image wait longer behind them. A model that takes fewer
    /// through its network at once has fewer: a second pass would save nothing, and captions would wait for it.
    package var images = 8
    /// Most text tokens in one pass, counted without padding; a single longer text still goes alone.
    package var textTokens = 512
    /// The same of a list's texts: small requests overtake lists, and wait for the pass under way at most.
    ///
    /// Five lists of 16,384 captions to clip-mini (f32, two cores) came to 3,640 texts a second with 192, four to 3,560 with
    /// 512.
    package var listTokens = 192
    /// Tokens of an image, which threads can share among them; nil where the network has none to share.
    package var tokensPerImage: Int? = 50
    /// Fewest tokens of a pass that several threads share, for each of them, where they share it by rows.
    ///
    /// Each reads all weights, so that below this they wait for memory: with bf16 weights one core did 117 GFLOP/s with 6
    /// rows, 25 with one, and 206 with 50.
    package var leastTokens = 6
    /// Most threads that share a pass of few image tokens by columns, however few they are; 0 where that cannot be.
    ///
    /// Then nobody reads the weights of another. On two cores with bf16 the products alone for a caption of 12 tokens took
    /// 3.2 ms by columns and 4.3 by rows, where one thread took 6.4.
    package var imageParts = 0
    /// The same of text tokens.
    package var textParts = 0

    /// The defaults.
    package init() {}
}
