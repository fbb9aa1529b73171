internal import DequeModule

/// Decides which requests are taken on, by the work that they bring: a value without clock, lock or thread.
///
/// Requests of a few items and lists are told apart. A request of a few items is taken on at once or refused at once. Lists
/// have at most three quarters of the places, and wait in turn for them. Either is refused where it could not be finished in
/// the time that its sender waits.
package struct AdmissionPlan: Sendable {
    /// What a request brings.
    package struct Demand: Equatable, Sendable {
        /// Images and texts.
        package let items: Int
        /// Seconds of one core.
        package let work: Double
        /// Whether it is a list, which others may overtake.
        package let isList: Bool

        package init(items: Int, work: Double = 0, isList: Bool = false) {
            self.items = items
            self.work = work
            self.isList = isList
        }
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
    private var waiting: Deque<(id: Int, demand: Demand)> = []
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

    /// Seconds until what is in hand is finished: that of small requests, or all.
    package func backlog(withLists: Bool) -> Double {
        if withLists { return (singleWork + listWork + waitingWork) / cores }
        let share = lists > 0 ? Double(Self.turns + 1) / Double(Self.turns) : 1
        return singleWork * share / cores
    }

    /// Takes a request on, has it wait, or refuses it.
    ///
    /// - Parameters:
    ///   - id: what it is called if it waits.
    ///   - patience: seconds until its sender stops waiting; nil where that is never.
    package mutating func enter(_ demand: Demand, id: Int, patience: Double? = nil) -> Decision {
        let backlog = backlog(withLists: demand.isList)
        let isInTime =
            patience.map { backlog + demand.work / cores <= $0 * Self.caution || backlog == 0 } ?? true
        guard isInTime else { return .refused(after: backlog) }
        guard demand.isList else {
            guard singles + lists < places, backlog <= longestQueue else { return .refused(after: backlog) }
            take(demand)
            return .admitted
        }
        guard waiting.isEmpty, hasPlace(for: demand) else {
            guard waiting.count < Self.mostWaiting else { return .refused(after: backlog) }
            waiting.append((id, demand))
            waitingWork += demand.work
            return .waits
        }
        take(demand)
        return .admitted
    }

    /// Ends a request that was taken on, and tells which of those that wait are taken on now.
    package mutating func leave(_ demand: Demand) -> [Int] {
        if demand.isList {
            lists -= weight(of: demand)
            listWork = lists > 0 ? max(0, listWork - demand.work) : 0
        } else {
            singles -= weight(of: demand)
            singleWork = singles > 0 ? max(0, singleWork - demand.work) : 0
        }
        return admitWaiting()
    }

    /// Forgets a request that waits.
    ///
    /// Those behind it may have a place now.
    package mutating func cancel(_ id: Int) -> [Int] {
        guard let place = waiting.firstIndex(where: { $0.id == id }) else { return [] }
        waitingWork = max(0, waitingWork - waiting.remove(at: place).demand.work)
        return admitWaiting()
    }

    private mutating func admitWaiting() -> [Int] {
        var admitted: [Int] = []
        while let (id, demand) = waiting.first, hasPlace(for: demand) {
            waiting.removeFirst()
            waitingWork = waiting.isEmpty ? 0 : max(0, waitingWork - demand.work)
            take(demand)
            admitted.append(id)
        }
        return admitted
    }

    private mutating func take(_ demand: Demand) {
        if demand.isList {
            lists += weight(of: demand)
            listWork += demand.work
        } else {
            singles += weight(of: demand)
            singleWork += demand.work
        }
    }

    /// A list takes a quarter of all places at most, so that three are in hand side by side; one always is.
    private func hasPlace(for list: Demand) -> Bool {
        lists == 0 || lists + weight(of: list) <= places / 4 * 3
    }

    private func weight(of demand: Demand) -> Int { min(demand.items, max(1, places / 4)) }
}
