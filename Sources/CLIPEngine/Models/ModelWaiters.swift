/// Those who wait for models that are on their way: requests, whose bodies are held meanwhile, and the engine's start.
struct ModelWaiters {
    /// One of them.
    struct Waiter {
        /// The load that it waits for.
        let ticket: Int
        /// Whether it caused that load.
        let isOwnLoad: Bool
        /// Bytes of the request; nil for the start, which holds none and has not to find room.
        let heldBytes: Int?
        let continuation: CheckedContinuation<Result<ModelRegistry.Found, EmbeddingError>, Never>
    }

    /// Most requests that wait.
    private let mostRequests: Int
    /// Most bytes that they hold together, but for one that waits alone: others want room for theirs.
    private let mostBytes: Int
    private var waiters: [Int: Waiter] = [:]
    private var lastNumber = 0

    init(_ configuration: EngineConfiguration) {
        mostRequests = configuration.maxPendingItems
        mostBytes = configuration.memoryBudget / 4
    }

    /// How many requests wait.
    var count: Int { waiters.values.count(where: { $0.heldBytes != nil }) }

    /// A number for one who may come to wait.
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

    /// Those of a load, who wait no more.
    mutating func take(ticket: Int) -> [Waiter] {
        let found = waiters.filter { $0.value.ticket == ticket }
        for number in found.keys { waiters[number] = nil }
        return Array(found.values)
    }

    /// All, who wait no more.
    mutating func takeAll() -> [Waiter] {
        defer { waiters = [:] }
        return Array(waiters.values)
    }
}
