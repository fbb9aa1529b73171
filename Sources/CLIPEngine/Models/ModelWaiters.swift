/// The requests, and the engine's start, that wait for models to be loaded.
struct ModelWaiters {
    /// A request, or the engine's start.
    struct Waiter {
        /// The load that it waits for.
        let ticket: Int
        /// Whether it caused that load.
        let isOwnLoad: Bool
        /// The bytes that the request holds; nil for the start, which holds none and is always accepted.
        let heldBytes: Int?
        let continuation: CheckedContinuation<Result<ModelRegistry.Found, EmbeddingError>, Never>
    }

    /// The largest number of waiting requests.
    private let mostRequests: Int
    /// The limit in bytes of what they hold together, which leaves room for requests to other models; a single one may
    /// hold more.
    private let mostBytes: Int
    private var waiters: [Int: Waiter] = [:]
    private var lastNumber = 0

    init(_ configuration: EngineConfiguration) {
        mostRequests = configuration.maxPendingItems
        mostBytes = configuration.memoryBudget / 4
    }

    /// How many requests wait.
    var count: Int { waiters.values.count(where: { $0.heldBytes != nil }) }

    /// A number for the next waiter.
    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// Whether one more request may wait.
    func hasRoom(forBytes bytes: Int) -> Bool {
        let held = waiters.values.reduce(0) { $0 + ($1.heldBytes ?? 0) }
        return count < mostRequests && (held == 0 || held + bytes <= mostBytes)
    }

    mutating func add(_ waiter: Waiter, as number: Int) {
        waiters[number] = waiter
    }

    mutating func remove(_ number: Int) -> Waiter? {
        waiters.removeValue(forKey: number)
    }

    /// Removes and returns the waiters of a load.
    mutating func take(ticket: Int) -> [Waiter] {
        let found = waiters.filter { $0.value.ticket == ticket }
        for number in found.keys { waiters[number] = nil }
        return Array(found.values)
    }

    /// Removes and returns all waiters.
    mutating func takeAll() -> [Waiter] {
        defer { waiters = [:] }
        return Array(waiters.values)
    }
}
