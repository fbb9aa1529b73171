internal import Synchronization

/// How long one core works on an image, and on a text, of one model, learnt from what was computed lately.
///
/// Items that were known, or that failed, count neither with their number nor with their time, so that nobody can make others'
/// look cheap or dear with them.
package final class CostMeter: Sendable {
    /// A quotient of two sums over the recent past, older parts fading.
    private struct Average {
        private var sum = 0.0
        private var units = 0.0
        /// Units after which half of the past is forgotten.
        let memory: Double

        init(memory: Double) {
            self.memory = memory
        }

        mutating func add(_ amount: Double, units: Int) {
            sum += amount
            self.units += Double(units)
            guard self.units > memory else { return }
            self.units /= 2
            sum /= 2
        }

        /// The amount of a unit; nil before there is experience.
        var perUnit: Double? { units >= memory / 32 ? sum / units : nil }
    }

    private struct State {
        var decoding = Average(memory: 256)
        var images = Average(memory: 256)
        var tokens = Average(memory: 8192)
        /// Tokens for each that was estimated.
        var exactness = Average(memory: 8192)
    }

    private let state = Mutex(State())

    package init() {}

    /// Notes the time that a core took to decode an image.
    package func spendOnDecoding(_ time: Duration) {
        state.withLock { $0.decoding.add(time / .seconds(1), units: 1) }
    }

    /// Notes time that a core spent on images in the network, and how many that finished.
    package func spendOnImages(_ time: Duration, finished count: Int) {
        state.withLock { $0.images.add(time / .seconds(1), units: count) }
    }

    /// Notes time that a core spent on texts in the network, and how many tokens that finished.
    package func spendOnTexts(_ time: Duration, finished tokens: Int) {
        state.withLock { $0.tokens.add(time / .seconds(1), units: tokens) }
    }

    /// Notes how many tokens there were of texts that were estimated to have so many.
    package func note(tokens: Int, estimated: Int) {
        state.withLock { $0.exactness.add(Double(tokens), units: estimated) }
    }

    /// Seconds that one core will take.
    ///
    /// - Parameter tokens: an estimate.
    package func estimate(images: Int, tokens: Int) -> Double {
        state.withLock { state in
            let image = (state.decoding.perUnit ?? 0) + (state.images.perUnit ?? 0)
            let token = (state.tokens.perUnit ?? 0) * (state.exactness.perUnit ?? 1)
            return image * Double(images) + token * Double(tokens)
        }
    }

    /// Tokens of a text before it is split: four bytes each, as in English, with the two special ones, and no more than most
    /// models take.
    package static func estimatedTokens(of text: String) -> Int { min(77, 2 + text.utf8.count / 4) }
}
