internal import DequeModule

/// A tower of the model.
package enum BatchLane: CaseIterable, Sendable {
    case images
    case texts
}

/// Decides which waiting items the model's next forward pass takes.
///
/// The planner is a value without clock, lock or thread. A pass takes the items that wait when a thread asks, so many
/// requests fill the batches by themselves. Images and texts go through different networks and wait in separate lanes;
/// when items wait in both, the lanes take turns.
///
/// Within a lane, small requests overtake lists, but at least every fourth batch is a list's. Among small requests, and
/// among lists, clients take turns of about the same weight. So neither one list of ten thousand texts nor many lists
/// hold up a single text, and the many requests of one client do not hold up another client's. Of one client's
/// requests, those larger than a batch get every second turn and are finished one after the other; if they took turns,
/// all of them would end late, at times that nothing could predict.
///
/// Texts that begin alike cost their common tokens once in a pass, so a pass takes more of them.
///
/// Several threads ask. While more items wait than idle threads can take, each thread takes some items for a pass of
/// its own. If fewer items wait than threads are idle, or they are too few tokens to be divided, the idle threads make
/// one pass together. Of a photograph and some captions that wait, all threads compute one, and then all the other.
package struct BatchPlanner<Payload: Sendable>: Sendable {
    /// One image or one text that waits.
    package struct Item: Sendable {
        /// The request that it belongs to.
        package let request: Int
        /// Its place among its request's items.
        package let index: Int
        /// What the model needs of it.
        package let payload: Payload
        /// Its share of the lane's limit: 1 for an image, the number of tokens for a text.
        package let weight: Int
        /// The tokens of a text that costs less in a pass with others that begin alike; otherwise empty.
        package let tokens: [Int32]

        package init(request: Int, index: Int, payload: Payload, weight: Int, tokens: [Int32] = []) {
            self.request = request
            self.index = index
            self.payload = payload
            self.weight = weight
            self.tokens = tokens
        }
    }

    private let limits: BatchLimits
    private var images = Queue()
    private var texts = Queue()
    private var nextTurn: BatchLane = .texts

    /// An empty plan.
    package init(limits: BatchLimits) {
        self.limits = limits
    }

    /// Whether nothing waits.
    package var isEmpty: Bool { images.isEmpty && texts.isEmpty }

    /// How many items wait in a lane.
    package func waiting(in lane: BatchLane) -> Int {
        switch lane {
        case .images: images.count
        case .texts: texts.count
        }
    }

    /// Whether all that waits are texts of small requests, of fewer than so many tokens.
    package func onlyHasTexts(below tokens: Int) -> Bool {
        images.isEmpty && texts.lists.isEmpty && texts.small.weight < tokens
    }

    /// Puts a request's items at the end of their lane.
    ///
    /// - Parameters:
    ///   - client: the sender; nil if unknown.
    ///   - isOfList: whether the items are part of a list, which other requests may overtake.
    package mutating func append(
        _ items: [Item],
        to lane: BatchLane,
        of client: String? = nil,
        isOfList: Bool = false
    ) {
        switch (lane, isOfList) {
        case (.images, false): images.small.append(items, limit: limits.images, of: client)
        case (.images, true): images.lists.append(items, limit: limits.images, of: client)
        case (.texts, false): texts.small.append(items, limit: limits.textTokens, of: client)
        case (.texts, true): texts.lists.append(items, limit: limits.listTokens, of: client)
        }
    }

    /// Removes the waiting items of a request whose client has left.
    package mutating func remove(request: Int) {
        images.remove(request: request)
        texts.remove(request: request)
    }

    /// The next forward pass, for one thread or for several together.
    package struct Step: Sendable {
        package let lane: BatchLane
        package let items: [Item]
        /// What the items cost together: images, or tokens of which those in common count once.
        package let cost: Int
        /// How many threads make the pass together.
        package let threads: Int
    }

    /// Takes the items of the next forward pass: at least one; nil if nothing waits.
    ///
    /// - Parameter idle: how many threads are idle, including the one that asks.
    package mutating func nextStep(among idle: Int) -> Step? {
        let lane: BatchLane
        switch (images.isEmpty, texts.isEmpty) {
        case (true, true): return nil
        case (false, true): lane = .images
        case (true, false): lane = .texts
        case (false, false): lane = nextTurn
        }
        switch lane {
        case .images:
            nextTurn = .texts
            let terms = Terms(lane: lane, limits: limits, idle: idle, beside: texts.count)
            return images.takeStep(terms, limit: limits.images, listLimit: limits.images)
        case .texts:
            nextTurn = .images
            let terms = Terms(lane: lane, limits: limits, idle: idle, beside: images.count)
            return texts.takeStep(terms, limit: limits.textTokens, listLimit: limits.listTokens)
        }
    }

    /// What the next pass would take, by lane and weight, if more threads than are idle could make it together; nil if
    /// they could not.
    package func nextToShare(among threads: Int) -> (lane: BatchLane, weight: Int)? {
        let lane = images.isEmpty ? .texts : texts.isEmpty ? .images : nextTurn
        let (queue, limit) = lane == .images ? (images, limits.images) : (texts, limits.textTokens)
        let other = lane == .images ? texts : images
        guard queue.lists.isEmpty, other.lists.isEmpty, other.small.count < threads,
            (1..<threads).contains(queue.small.count), queue.small.weight <= limit,
            limits.mostTogether(in: lane, weight: queue.small.weight) > 1
        else { return nil }
        return (lane, queue.small.weight)
    }

    /// What a lane has to know to take a pass's items.
    private struct Terms {
        let lane: BatchLane
        let limits: BatchLimits
        /// How many threads are idle.
        let idle: Int
        /// How many items wait in the other lane.
        let beside: Int

        /// The least weight for which a thread makes a pass of its own.
        var leastAlone: Int { lane == .texts && limits.textParts > 0 ? limits.leastTokensAlone : 0 }

        /// How many threads there are for passes of their own: if items wait in both lanes, half of the idle ones.
        var alone: Int { beside == 0 ? idle : (idle + 1) / 2 }

        /// Whether so many items cannot be divided evenly among the idle threads.
        func isUneven(_ count: Int) -> Bool { count < 2 * idle && count % idle != 0 }
    }

    /// The items that wait in one lane.
    private struct Queue: Sendable {
        var small = Line()
        var lists = Line()
        /// Batches of small requests since a list's last batch, while a list waits.
        private var overtakes = 0

        var isEmpty: Bool { small.isEmpty && lists.isEmpty }
        var count: Int { small.count + lists.count }

        mutating func remove(request: Int) {
            small.remove(request: request)
            lists.remove(request: request)
        }

        mutating func takeStep(_ terms: Terms, limit: Int, listLimit: Int) -> Step {
            let isListsTurn = small.isEmpty || !lists.isEmpty && overtakes >= AdmissionPlan.turns
            if isListsTurn {
                overtakes = 0
                return lists.takeStep(terms, limit: listLimit)
            }
            if !lists.isEmpty { overtakes += 1 }
            return small.takeStep(terms, limit: limit)
        }
    }

    /// Items of one kind of request, by client and request.
    private struct Line: Sendable {
        /// The requests in the order of their turns; each has items waiting.
        private var turns = ClientLine<Int>()
        private var waiting: [Int: Deque<Item>] = [:]
        /// How many items wait, and what they weigh together.
        private(set) var count = 0
        private(set) var weight = 0

        var isEmpty: Bool { turns.isEmpty }

        /// - Parameter limit: the largest weight of one pass.
        mutating func append(_ items: [Item], limit: Int, of client: String?) {
            guard let request = items.first?.request else { return }
            let sum = items.reduce(0) { $0 + $1.weight }
            count += items.count
            weight += sum
            waiting[request] = Deque(items)
            turns.append(request, of: client, isLong: sum > limit && items.count > 1)
        }

        mutating func remove(request: Int) {
            guard let removed = waiting.removeValue(forKey: request) else { return }
            count -= removed.count
            weight -= removed.reduce(0) { $0 + $1.weight }
            _ = turns.remove { $0 == request }
        }

        /// Takes a part of the items for one of the threads.
        ///
        /// If whole items cannot be divided evenly, or all weigh little, it takes all for several threads together; so
        /// it does if those of the other lane cannot be divided, which will then need all threads as soon as possible.
        mutating func takeStep(_ terms: Terms, limit: Int) -> Step {
            if terms.idle > 1, weight <= limit {
                let cost = PassCost(of: waiting.values.lazy.flatMap(\.self)).sum
                let together = min(terms.idle, terms.limits.mostTogether(in: terms.lane, weight: cost))
                let isUneven = terms.isUneven(count) || terms.isUneven(terms.beside)
                if together > 1, isUneven || cost < terms.leastAlone * terms.idle {
                    return takeItems(of: terms.lane, limit: limit, enough: limit, threads: together)
                }
            }
            let enough = (weight + terms.alone - 1) / terms.alone
            return takeItems(of: terms.lane, limit: limit, enough: enough, threads: 1)
        }

        /// Takes items in the order of turns, until by themselves they weigh `enough` or in a pass they reach the
        /// limit.
        ///
        /// A turn is a pass divided by the number of clients, for any number of requests; what is left of a pass goes
        /// round again.
        private mutating func takeItems(of lane: BatchLane, limit: Int, enough: Int, threads: Int) -> Step {
            let wholeTurn = limit / max(1, turns.clients)
            var (taken, sum, turn) = ([Item](), 0, 0)
            var cost = PassCost()
            while let request = turns.first, let item = waiting[request]?.first {
                guard taken.isEmpty || sum < enough,
                    let added = cost.add(item, upTo: taken.isEmpty ? .max : limit)
                else {
                    if turn > 0 { turns.pass() }
                    break
                }
                taken.append(item)
                sum += item.weight
                turn += added
                waiting[request]?.removeFirst()
                if waiting[request]?.isEmpty == true {
                    waiting[request] = nil
                    guard turns.removeFirst() else {
                        turn = 0
                        continue
                    }
                }
                if turn >= wholeTurn {
                    turns.pass()
                    turn = 0
                }
            }
            count -= taken.count
            weight -= sum
            return Step(lane: lane, items: taken, cost: cost.sum, threads: threads)
        }
    }

    /// What the items of one pass cost together.
    private struct PassCost {
        private(set) var sum = 0
        /// Hashes of all token sequences with which texts of the pass begin.
        ///
        /// Two of the same hash would make a pass larger than it should be, and nothing worse.
        private var prefixes: Set<Int> = []

        init() {}

        init(of items: some Sequence<Item>) {
            for item in items { _ = add(item, upTo: .max) }
        }

        /// Adds an item, and says how much more all cost; nil, and without it, if that would be more than the limit.
        mutating func add(_ item: Item, upTo limit: Int) -> Int? {
            let hashes = item.tokens.prefixHashes
            let added = item.weight - hashes.prefix(while: prefixes.contains).count
            guard added <= limit - sum else { return nil }
            sum += added
            prefixes.formUnion(hashes)
            return added
        }
    }
}
