/// How many items one forward pass may take, and from which size on threads share a pass.
package struct BatchLimits: Equatable, Sendable {
    /// The largest number of images in one pass.
    ///
    /// Roboflow's clients send at most 8; with more, a single image would wait longer behind them. A model whose
    /// network takes fewer images at once has a lower limit: a second pass would save nothing, and captions would wait
    /// for it.
    package var images = 8
    /// The largest number of text tokens in one pass, counted without padding; a single longer text still gets a pass
    /// of its own.
    package var textTokens = 512
    /// The largest number of tokens in a pass of a list: small requests overtake lists, and wait for the running pass
    /// at most.
    ///
    /// Five lists of 16,384 captions to clip-mini (f32, two cores) came to 3,640 texts a second with 192, and four such
    /// lists to 3,560 with 512.
    package var listTokens = 192
    /// Tokens of one image, which threads can share by rows; nil if the network has no tokens to share.
    package var tokensPerImage: Int? = 50
    /// The fewest tokens for each thread of a pass that threads share by rows.
    ///
    /// Each thread reads all weights, so with fewer tokens it waits for memory: with bf16 weights one core did 25
    /// GFLOP/s with one row, 117 with 6 rows, and 206 with 50.
    package var leastTokens = 6
    /// The fewest tokens for a thread to make a pass of its own while others are idle, if they can divide a pass by
    /// columns.
    ///
    /// With fewer, each of the threads would wait for all weights. On two cores with AVX-512 eight captions to ViT-B/32
    /// took 15.9 ms by both threads for 40 tokens, and 19.6 with a pass each for 48; in int8 7.2 and 8.0.
    package var leastTokensAlone = 24
    /// Whether texts that begin alike share what is computed for their common tokens.
    package var sharesPrefixes = false
    /// The largest number of threads that share a pass of few image tokens by columns; 0 if the network cannot be
    /// shared so.
    ///
    /// By columns, each thread reads only its own part of the weights. On two cores with bf16 the products alone for a
    /// caption of 12 tokens took 3.2 ms by columns and 4.3 by rows; one thread took 6.4.
    package var imageParts = 0
    /// The same for text tokens.
    package var textParts = 0

    /// The largest number of threads that make a pass of so many images or text tokens faster.
    func mostTogether(in lane: BatchLane, weight: Int) -> Int {
        switch lane {
        case .images: tokensPerImage.map { max(weight * $0 / leastTokens, imageParts) } ?? 1
        case .texts: max(weight / leastTokens, textParts)
        }
    }

    /// The defaults.
    package init() {}
}
