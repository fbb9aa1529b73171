/// Decides which requests are taken on, by the work that they bring: a value without clock, lock or thread.
///
/// Requests of a few items and lists are told apart. A request of a few items is taken on at once or refused at once. Lists
/// have at most three quarters of the places, and wait for them, where clients take turns. Either is refused where it could not
/// be finished in the time that its sender waits.
///
/// No client has more places, or more of the time that may be waited, than it leaves free for others (source: Choudhury, Hahne,
/// "Dynamic queue length thresholds"), three times that with requests of very few items, which have some places of their own.
package struct AdmissionPlan: Sendable {
    /// What a request brings.
    package struct Demand: Equatable, Sendable {
        /// Images and texts.
        package let items: Int
        /// Seconds of one core.
        package private(set) var work: Double
        /// Seconds of one core that each item takes.
        package let workOfItem: Double
        /// Whether it is a list, which others may overtake.
        package let isList: Bool
        /// Who asks; nil is nobody in particular, and has no share that could be too large.
        package let client: String?

        package init(items: Int, work: Double = 0, isList: Bool = false, client: String? = nil) {
            self.items = items
            self.work = work
            workOfItem = work / Double(max(1, items))
            self.isList = isList
            self.client = client
        }

        /// Notes that so much of the work is done.
        package mutating func finish(_ done: Double) { work = max(0, work - done) }

        /// Whether it has very few items.
        var isTiny: Bool { items <= 8 }
    }

    /// What a client has in hand with requests of a few items.
    private struct Share {
        var places = 0
        var work = 0.0
    }

    private struct WaitingList {
        let id: Int
        let demand: Demand
    }

    /// What becomes of a request.
    package enum Decision: Equatable, Sendable {
        case admitted
        /// It waits until ``leave(_:)`` names it.
        case waits
        /// There may be room after so many seconds.
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

    /// Most lists that wait for a place.
    private static let mostWaiting = 256
    /// How much of a sender's time may be gone in the queue by our estimate, which is never exact.
    private static let caution = 0.7
    /// Batches of small requests for each batch of a list, while both wait.
    package static let turns = 3

    /// A plan for so many places, and so many cores that work.
    ///
    /// - Parameter longestQueue: seconds of waiting that a small request is let in to at most.
    package init(places: Int, cores: Int, longestQueue: Double = .infinity) {
        self.places = places
        self.cores = Double(max(1, cores))
        self.longestQueue = longestQueue
    }

    /// Items of requests that were taken on and have not left.
    package var itemsInHand: Int { singles + lists }
    /// Lists that wait for a place.
    package var waitingLists: Int { waiting.count }

    /// Seconds until what is in hand is finished: that of small requests, or all.
    package func backlog(withLists: Bool) -> Double {
        withLists ? (singleWork + listWork + waitingWork) / cores : singleWork * slowness / cores
    }

    /// How many times as long small requests take while lists have their turns.
    private var slowness: Double { lists > 0 ? Double(Self.turns + 1) / Double(Self.turns) : 1 }

    /// Takes a request on, has it wait, or refuses it.
    ///
    /// - Parameters:
    ///   - id: what it is called if it waits.
    ///   - patience: seconds until its sender stops waiting; nil where that is never.
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

    /// Ends a request that was taken on, and tells which of those that wait are taken on now.
    package mutating func leave(_ demand: Demand) -> [Int] {
        giveBack(demand)
        return admitWaiting()
    }

    /// Takes note that some of a request's work is done.
    package mutating func progress(_ demand: Demand, by work: Double) {
        guard !demand.isList else { return listWork = max(0, listWork - work) }
        singleWork = max(0, singleWork - work)
        if let client = demand.client, let share = shares[client] {
            shares[client]?.work = max(0, share.work - work)
        }
    }

    /// Forgets a request that waits.
    ///
    /// Those behind it may have a place now.
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

    /// A list takes a quarter of all places at most, so that three are in hand side by side; one always is.
    private func hasPlace(forList list: Demand) -> Bool {
        lists == 0 || lists + weight(of: list) <= mostListPlaces
    }

    private func hasPlace(for demand: Demand) -> Bool {
        // Where there are hardly any places, the one list that always is in hand takes none from others.
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

    /// How many times what is free a client may have.
    private func factor(of demand: Demand) -> Int { demand.isTiny ? 3 : 1 }

    private var mostListPlaces: Int { places / 4 * 3 }

    /// Seconds that a small request waits: behind its client's others, and behind no more of any other client's.
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

    /// Seconds that a list waits: behind all others, or behind one list of each other client for each of its own.
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
