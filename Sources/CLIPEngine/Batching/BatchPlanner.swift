internal import DequeModule

/// Decides which waiting items ride together in the model's next forward pass.
///
/// A value without clock, lock or thread: what is waiting when the model asks is what it gets, so that a lone request
/// never waits for company and a crowd fills the batches by itself. Images and texts go through different networks and
/// so wait in lanes of their own; when both wait, they take turns. Within a lane requests take turns by batches, so that
/// a list of ten thousand texts does not hold up a single one.
package struct BatchPlanner<Payload: Sendable>: Sendable {
    /// One image or one text that waits.
    package struct Item: Sendable {
        /// The request that it belongs to.
        package let request: Int
        /// Its place among its request's items.
        package let index: Int
        /// What the model needs of it.
        package let payload: Payload
        /// What it weighs against the lane's limit: 1 for an image, the number of tokens for a text.
        package let weight: Int

        package init(request: Int, index: Int, payload: Payload, weight: Int) {
            self.request = request
            self.index = index
            self.payload = payload
            self.weight = weight
        }
    }

    /// A tower of the model.
    package enum Lane: CaseIterable, Sendable {
        case images
        case texts
    }

    private let limits: BatchLimits
    private var images = Queue()
    private var texts = Queue()
    private var nextTurn: Lane = .texts

    /// An empty plan.
    package init(limits: BatchLimits) {
        self.limits = limits
    }

    /// Whether nothing waits.
    package var isEmpty: Bool { images.isEmpty && texts.isEmpty }

    /// Puts an item at the end of its lane.
    package mutating func append(_ item: Item, to lane: Lane) {
        switch lane {
        case .images: images.append(item)
        case .texts: texts.append(item)
        }
    }

    /// Forgets what waits of a request whose client has left.
    package mutating func remove(request: Int) {
        images.remove(request: request)
        texts.remove(request: request)
    }

    /// Takes the items of the next forward pass: at least one; nil if nothing waits.
    package mutating func nextBatch() -> (lane: Lane, items: [Item])? {
        let lane: Lane
        switch (images.isEmpty, texts.isEmpty) {
        case (true, true): return nil
        case (false, true): lane = .images
        case (true, false): lane = .texts
        case (false, false): lane = nextTurn
        }
        switch lane {
        case .images:
            nextTurn = .texts
            return (lane, images.takeItems(limit: limits.images))
        case .texts:
            nextTurn = .images
            return (lane, texts.takeItems(limit: limits.textTokens))
        }
    }

    /// The items that wait in one lane, by request.
    private struct Queue: Sendable {
        /// The requests in the order of their turns; each has items waiting.
        private var turns: Deque<Int> = []
        private var waiting: [Int: Deque<Item>] = [:]

        var isEmpty: Bool { turns.isEmpty }

        mutating func append(_ item: Item) {
            if waiting[item.request] == nil { turns.append(item.request) }
            waiting[item.request, default: []].append(item)
        }

        mutating func remove(request: Int) {
            guard waiting.removeValue(forKey: request) != nil else { return }
            turns.removeAll { $0 == request }
        }

        /// Takes requests' items whole, in the order of turns, until the limit.
        ///
        /// The request that did not fit goes to the end if it has had its turn, and else keeps its place.
        mutating func takeItems(limit: Int) -> [Item] {
            var taken: [Item] = []
            var weight = 0
            while let request = turns.first, let item = waiting[request]?.first {
                guard taken.isEmpty || weight + item.weight <= limit else {
                    if taken.last?.request == request {
                        turns.removeFirst()
                        turns.append(request)
                    }
                    break
                }
                weight += item.weight
                taken.append(item)
                waiting[request]?.removeFirst()
                if waiting[request]?.isEmpty == true {
                    waiting[request] = nil
                    turns.removeFirst()
                }
            }
            return taken
        }
    }
}
