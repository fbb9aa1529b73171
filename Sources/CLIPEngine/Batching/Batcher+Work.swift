package import CLIPKernels

extension Batcher {
    /// What the model needs of one item.
    package enum Payload: Equatable, Sendable {
        /// (imageSize, imageSize, 3) bytes.
        case pixels([UInt8])
        /// Token ids without padding.
        case tokens([Int32])
    }

    /// The items of one forward pass, all from one lane.
    package struct Batch: Sendable {
        package let lane: BatchLane
        package let items: [BatchPlanner<Payload>.Item]
        /// What the items cost together: images, or tokens of which those in common count once.
        let cost: Int
        /// How many threads make the pass together.
        let threads: Int
        /// The number of the pass, for health checks.
        let pass: Int
        /// What the threads of a pass of texts read and fill of prefixes.
        let prefixes = AgreedPrefixes()
    }

    /// One thread's work.
    package struct Assignment: Sendable {
        package let batch: Batch
        /// The thread's part of the pass; the thread with the first part hands out the results.
        package let share: PassShare
        /// How many threads have no other work, including this one.
        package let idleThreads: Int
    }

    /// What a request gets back.
    package struct Outcome: Sendable {
        /// One embedding an item, in the request's order.
        package let embeddings: [Embedding]
        /// From arrival until the last item's batch began.
        package let queue: Duration
        /// From the first batch's start to the last one's end.
        package let forward: Duration

        package init(embeddings: [Embedding], queue: Duration, forward: Duration) {
            self.embeddings = embeddings
            self.queue = queue
            self.forward = forward
        }

        /// The outcome for no items.
        static let nothing = Outcome(embeddings: [], queue: .zero, forward: .zero)
    }
}
