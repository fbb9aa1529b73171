/// Decides which requests are admitted, by the work that they bring: a value without clock, lock or thread.
///
/// A request of a few items is admitted or refused at once. Lists have at most three quarters of the places; they wait
/// for them, and clients take turns. Any request is refused if it could not be finished in the time that its sender
/// waits.
///
/// No client has more places, or more of the queue's time limit, than it leaves free for others (source: Choudhury and
/// Hahne, "Dynamic queue length thresholds"). With requests of at most 8 items, which also have an eighth of the places
/// to themselves, a client may have three times as much.
package struct AdmissionPlan: Sendable {
    /// The size of a request.
    package struct Demand: Equatable, Sendable {
        /// The number of images and texts.
        package let items: Int
        /// The estimated work, in seconds of one core.
        package private(set) var work: Double
        /// Seconds of one core that each item takes.
        package let workOfItem: Double
        /// Whether it is a list, which other requests may overtake.
        package let isList: Bool
        /// The sender; nil if unknown, and then without a limit of its own.
        package let client: String?

        /// - Parameters:
        ///   - work: what the items take.
        ///   - workAfter: what is left to do when all items are done.
        package init(
            items: Int,
            work: Double = 0,
            workAfter: Double = 0,
            isList: Bool = false,
            client: String? = nil
        ) {
            self.items = items
            self.work = work + workAfter
            workOfItem = work / Double(max(1, items))
            self.isList = isList
            self.client = client
        }

        /// Notes that this many seconds of the work are done.
        package mutating func finish(_ done: Double) { work = max(0, work - done) }

        /// Whether the request has so few items that it may use the places kept for those.
        var isTiny: Bool { items <= 8 }
    }

    /// The places and the work of one client's small requests.
    private struct Share {
        var places = 0
        var work = 0.0
    }

    private struct WaitingList {
        let id: Int
        let demand: Demand
    }

    /// The decision about a request.
    package enum Decision: Equatable, Sendable {
        case admitted
        /// The request waits until ``leave(_:)`` or ``cancel(_:)`` returns its id.
        case waits
        /// The request is refused; there may be room after this many seconds.
        case refused(after: Double)
    }

    private let places: Int
    private let cores: Double
    private let longestQueue: Double
    private var singles = 0
    private var lists = 0
    private var singleWork = 0.0
    private var listWork = 0.0
    private var shares: [String: Share] = [:]
    private var waiting = ClientLine<WaitingList>()
    private var waitingWork = 0.0

    /// The largest number of lists that wait for a place.
    private static let mostWaiting = 256
    /// The part of the sender's time that the estimated wait and work may take; the estimate is never exact.
    private static let caution = 0.7
    /// Batches of small requests for each batch of a list, while both wait; the planner uses the same number.
    package static let turns = 3

    /// A plan for this many places and cores.
    ///
    /// - Parameter longestQueue: the longest wait in seconds with which a small request is admitted.
    package init(places: Int, cores: Int, longestQueue: Double = .infinity) {
        self.places = places
        self.cores = Double(max(1, cores))
        self.longestQueue = longestQueue
    }

    /// Items of admitted requests that are not finished.
    package var itemsInHand: Int { singles + lists }
    /// Lists that wait for a place.
    package var waitingLists: Int { waiting.count }

    /// Seconds until the work in hand is finished: that of small requests, or all.
    package func backlog(withLists: Bool) -> Double {
        withLists ? (singleWork + listWork + waitingWork) / cores : singleWork * slowness / cores
    }

    /// The factor by which lists, while they have their turns, slow small requests down.
    private var slowness: Double { lists > 0 ? Double(Self.turns + 1) / Double(Self.turns) : 1 }

    /// Admits a request, queues it, or refuses it.
    ///
    /// - Parameters:
    ///   - id: the number that names the request if it waits.
    ///   - patience: seconds until the sender stops waiting; nil if never.
    package mutating func enter(_ demand: Demand, id: Int, patience: Double? = nil) -> Decision {
        let wait = demand.isList ? wait(ofList: demand) : wait(of: demand)
        let isInTime = patience.map { wait + demand.work / cores <= $0 * Self.caution || wait == 0 } ?? true
        guard isInTime else { return .refused(after: wait) }
        guard demand.isList else {
            guard hasPlace(for: demand), hasTime(for: demand) else { return .refused(after: wait) }
            take(demand)
            return .admitted
        }
        guard waiting.isEmpty, hasPlace(forList: demand) else {
            let own = demand.client == nil ? 0 : waiting.elements(of: demand.client).count
            guard own < Self.mostWaiting - waiting.count else { return .refused(after: wait) }
            waiting.append(WaitingList(id: id, demand: demand), of: demand.client)
            waitingWork += demand.work
            return .waits
        }
        take(demand)
        return .admitted
    }

    /// Ends an admitted request, and returns the ids of the waiting lists that are admitted now.
    package mutating func leave(_ demand: Demand) -> [Int] {
        giveBack(demand)
        return admitWaiting()
    }

    /// Notes that some of a request's work is done.
    package mutating func progress(_ demand: Demand, by work: Double) {
        guard !demand.isList else { return listWork = max(0, listWork - work) }
        singleWork = max(0, singleWork - work)
        if let client = demand.client, let share = shares[client] {
            shares[client]?.work = max(0, share.work - work)
        }
    }

    /// Removes a waiting list, and returns the ids of the lists behind it that are admitted now.
    package mutating func cancel(_ id: Int) -> [Int] {
        guard let list = waiting.remove(where: { $0.id == id }) else { return [] }
        waitingWork = waiting.isEmpty ? 0 : max(0, waitingWork - list.demand.work)
        return admitWaiting()
    }

    private mutating func admitWaiting() -> [Int] {
        var admitted: [Int] = []
        while let list = waiting.first, hasPlace(forList: list.demand) {
            _ = waiting.next()
            waitingWork = waiting.isEmpty ? 0 : max(0, waitingWork - list.demand.work)
            take(list.demand)
            admitted.append(list.id)
        }
        return admitted
    }

    private mutating func take(_ demand: Demand) {
        guard !demand.isList else {
            lists += weight(of: demand)
            listWork += demand.work
            return
        }
        singles += weight(of: demand)
        singleWork += demand.work
        guard let client = demand.client else { return }
        shares[client, default: Share()].places += weight(of: demand)
        shares[client, default: Share()].work += demand.work
    }

    private mutating func giveBack(_ demand: Demand) {
        guard !demand.isList else {
            lists -= weight(of: demand)
            listWork = lists > 0 ? max(0, listWork - demand.work) : 0
            return
        }
        singles -= weight(of: demand)
        singleWork = singles > 0 ? max(0, singleWork - demand.work) : 0
        guard let client = demand.client, var share = shares[client] else { return }
        share.places -= weight(of: demand)
        share.work = max(0, share.work - demand.work)
        shares[client] = share.places > 0 ? share : nil
    }

    /// A list counts for at most a quarter of all places, so that three fit side by side; one is always admitted.
    private func hasPlace(forList list: Demand) -> Bool {
        lists == 0 || lists + weight(of: list) <= mostListPlaces
    }

    private func hasPlace(for demand: Demand) -> Bool {
        // With very few places, the one list that is always admitted takes no places from other requests.
        let free = places - singles - min(lists, mostListPlaces)
        let weight = weight(of: demand)
        guard weight <= (demand.isTiny ? free : free - places / 8) else { return false }
        guard let client = demand.client, let share = shares[client] else { return true }
        return share.places + weight <= factor(of: demand) * free
    }

    private func hasTime(for demand: Demand) -> Bool {
        let backlog = backlog(withLists: false)
        guard backlog <= longestQueue else { return false }
        guard let client = demand.client, let share = shares[client] else { return true }
        return share.work / cores <= Double(factor(of: demand)) * (longestQueue - backlog)
    }

    /// How many times the free places or time a client may have.
    private func factor(of demand: Demand) -> Int { demand.isTiny ? 3 : 1 }

    private var mostListPlaces: Int { places / 4 * 3 }

    /// Seconds that a small request waits: for all earlier work of its client, and for at most as much of each other
    /// client.
    private func wait(of demand: Demand) -> Double {
        guard let client = demand.client else { return backlog(withLists: false) }
        let own = (shares[client]?.work ?? 0) + demand.work
        var (sum, ofNobody) = (-demand.work, singleWork)
        for (other, share) in shares {
            sum += other == client ? own : min(own, share.work)
            ofNobody -= share.work
        }
        if shares[client] == nil { sum += own }
        return max(0, sum + min(own, max(0, ofNobody))) * slowness / cores
    }

    /// Seconds that a list waits: for all others, or, if that is less, for one list of each other client for each of
    /// its own.
    private func wait(ofList list: Demand) -> Double {
        let all = backlog(withLists: true)
        guard list.client != nil else { return all }
        let own = waiting.elements(of: list.client)
        let ownWork = own.reduce(list.work) { $0 + $1.demand.work }
        let clients = Double(waiting.clients + (own.isEmpty ? 1 : 0))
        return min(all, (singleWork + listWork + ownWork * clients) / cores)
    }

    private func weight(of demand: Demand) -> Int { min(demand.items, max(1, places / 4)) }
}
