internal import CLIPTokenization

/// The work on texts before the queue: cleaning and splitting into tokens; all faults of a text are found here.
struct TextPreparation: Sendable {
    let pool: WorkPool

    /// The token ids of each text without padding, and the time that this took.
    ///
    /// - Parameter truncating: whether texts that are too long are cut instead of refused.
    func tokens(
        of texts: [String],
        by tokenizer: CaptionTokenizer,
        truncating: Bool,
        client: String? = nil
    ) async throws(EmbeddingError) -> ([[Int32]], StageTimings) {
        let start = ContinuousClock.now
        // A few captions take less time than handing them to another thread, where they would wait behind longer texts.
        let isShort = texts.reduce(0) { $0 + $1.utf8.count } <= Self.longestTextsInPlace
        var sequences: [[Int32]] = []
        if isShort {
            sequences = try Self.tokens(
                of: texts[...],
                by: tokenizer,
                truncating: truncating,
                unless: WorkPool.Cancellation()
            ).get()
        } else {
            // The texts are split in pieces, so that other requests get a turn on the pool in between.
            for piece in Self.pieces(of: texts) {
                let result = await pool.run(for: client) {
                    Self.tokens(of: texts[piece], by: tokenizer, truncating: truncating, unless: $0)
                }
                sequences += try (result ?? .failure(.cancelled)).get()
            }
        }
        var timings = StageTimings()
        timings.tokenize = ContinuousClock.now - start
        return (sequences, timings)
    }

    /// The largest number of bytes that are tokenised on the calling task: about forty captions.
    private static let longestTextsInPlace = 2048

    /// The number of bytes that are tokenised in one job: a few milliseconds' work.
    private static let pieceBytes = 1 << 16

    /// The limit in bytes of one text.
    ///
    /// Cleaning takes time in proportion to them, and 77 tokens are a few hundred bytes.
    static let largestText = 1 << 16

    /// Refuses texts of more bytes than are read, before anything else is done on their behalf.
    static func requireReadable(_ texts: [String]) throws(EmbeddingError) {
        guard let index = texts.firstIndex(where: { $0.utf8.count > largestText }) else { return }
        throw .textTooLarge(index: index, count: texts[index].utf8.count, limit: largestText)
    }

    /// Ranges of neighbouring texts with about ``pieceBytes`` each.
    private static func pieces(of texts: [String]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var (first, bytes) = (0, 0)
        for (index, text) in texts.enumerated() {
            bytes += text.utf8.count
            guard bytes >= pieceBytes || index == texts.count - 1 else { continue }
            pieces.append(first..<index + 1)
            (first, bytes) = (index + 1, 0)
        }
        return pieces
    }

    private static func tokens(
        of texts: ArraySlice<String>,
        by tokenizer: CaptionTokenizer,
        truncating: Bool,
        unless cancellation: WorkPool.Cancellation
    ) -> Result<[[Int32]], EmbeddingError> {
        var sequences: [[Int32]] = []
        sequences.reserveCapacity(texts.count)
        for (index, text) in zip(texts.indices, texts) {
            guard !cancellation.isRequested else { return .failure(.cancelled) }
            guard text.utf8.count <= largestText else {
                return .failure(.textTooLarge(index: index, count: text.utf8.count, limit: largestText))
            }
            do throws(TokenizationError) {
                sequences.append(try tokenizer.tokens(for: text, truncating: truncating).ids)
            } catch {
                return .failure(EmbeddingError(error, index: index))
            }
        }
        return .success(sequences)
    }
}
