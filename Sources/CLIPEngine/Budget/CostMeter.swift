internal import Synchronization

/// How long one core works on an image, on a text, and on ranking labels, of one model, learnt from recent work.
///
/// Items that were cached, or that failed, count neither as items nor as time, so no client can distort the estimate
/// with them.
package final class CostMeter: Sendable {
    private struct State {
        var decoding = FadingAverage(memory: 256)
        var images = FadingAverage(memory: 256)
        var tokens = FadingAverage(memory: 8192)
        /// Real tokens for each estimated one.
        var exactness = FadingAverage(memory: 8192)
        /// About a second of one core.
        var rankings = FadingAverage(memory: 4e9)
    }

    private let state = Mutex(State())

    package init() {}

    /// Notes the time that one core took to decode an image.
    package func spendOnDecoding(_ time: Duration) {
        state.withLock { $0.decoding.add(time / .seconds(1), units: 1) }
    }

    /// Notes time that one core spent on images in the network, and how many images that finished.
    package func spendOnImages(_ time: Duration, finished count: Int) {
        state.withLock { $0.images.add(time / .seconds(1), units: count) }
    }

    /// Notes time that one core spent on texts in the network, and how many tokens that finished.
    package func spendOnTexts(_ time: Duration, finished tokens: Int) {
        state.withLock { $0.tokens.add(time / .seconds(1), units: tokens) }
    }

    /// Notes time that one core spent on ranking labels, and how many multiplications that were.
    package func spendOnRanking(_ time: Duration, multiplications: Int) {
        state.withLock { $0.rankings.add(time / .seconds(1), units: multiplications) }
    }

    /// Notes the real and the estimated number of tokens of some texts.
    package func note(tokens: Int, estimated: Int) {
        state.withLock { $0.exactness.add(Double(tokens), units: estimated) }
    }

    /// Estimates the seconds that one core needs for these items.
    ///
    /// - Parameter tokens: an estimate, see ``estimatedTokens(of:)``.
    package func estimate(images: Int, tokens: Int) -> Double {
        state.withLock { state in
            let image = (state.decoding.perUnit ?? 0) + (state.images.perUnit ?? 0)
            let token = (state.tokens.perUnit ?? 0) * (state.exactness.perUnit ?? 1)
            return image * Double(images) + token * Double(tokens)
        }
    }

    /// Estimates the seconds that one core needs for passes of these items; 0 until enough was measured.
    package func estimate(passOfImages images: Int, tokens: Int) -> Double {
        state.withLock { state in
            (state.images.perUnit ?? 0) * Double(images) + (state.tokens.perUnit ?? 0) * Double(tokens)
        }
    }

    /// Estimates the seconds that one core needs for ranking labels.
    package func estimate(rankings multiplications: Int) -> Double {
        state.withLock { ($0.rankings.perUnit ?? 0) * Double(multiplications) }
    }

    /// Estimates a text's tokens before it is split: one for four bytes, as in English, plus the two special tokens,
    /// and at most as many as most models take.
    package static func estimatedTokens(of text: String) -> Int { min(77, 2 + text.utf8.count / 4) }
}
