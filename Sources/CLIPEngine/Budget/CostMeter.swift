internal import Synchronization

/// How long one core works on an image, and on a token, of one model, learnt from what was finished lately.
///
/// Items that were known, or that failed, count neither with their number nor with their time, so that nobody can make others'
/// look cheap or dear with them.
package final class CostMeter: Sendable {
    /// Work and units of the recent past, older ones fading.
    private struct Average {
        private var seconds = 0.0
        private var units = 0.0
        /// Units after which half of the past is forgotten.
        let memory: Double

        init(memory: Double) {
            self.memory = memory
        }

        mutating func spend(_ seconds: Double) { self.seconds += seconds }

        mutating func finish(_ count: Int) {
            units += Double(count)
            guard units > memory else { return }
            units /= 2
            seconds /= 2
        }

        /// Seconds of a unit; nothing before there is experience.
        var cost: Double { units >= memory / 32 ? seconds / units : 0 }
    }

    private struct State {
        var images = Average(memory: 256)
        var tokens = Average(memory: 8192)
    }

    private let state = Mutex(State())

    package init() {}

    /// Notes time that a core spent on images: decoding or the network.
    package func spendOnImages(_ time: Duration) {
        state.withLock { $0.images.spend(time / .seconds(1)) }
    }

    /// Notes time that a core spent on texts.
    package func spendOnTexts(_ time: Duration) {
        state.withLock { $0.tokens.spend(time / .seconds(1)) }
    }

    /// Notes what was computed, its tokens as they were estimated.
    package func finish(images: Int, tokens: Int) {
        state.withLock { state in
            if images > 0 { state.images.finish(images) }
            if tokens > 0 { state.tokens.finish(tokens) }
        }
    }

    /// Seconds that one core will take.
    package func estimate(images: Int, tokens: Int) -> Double {
        state.withLock { $0.images.cost * Double(images) + $0.tokens.cost * Double(tokens) }
    }
}
