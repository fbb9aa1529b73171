internal import DequeModule

/// What waits in a line where clients take turns, and each one's own goes in order of arrival; a value without a lock.
///
/// What needs many turns waits in a second line of its client's, which has every other turn of it while both have something.
struct ClientLine<Element: Sendable>: Sendable {
    /// What one client has in the line.
    private struct Own {
        var short: Deque<Element> = []
        var long: Deque<Element> = []
        /// Whether its turn goes to what needs many.
        var prefersLong = false

        var isEmpty: Bool { short.isEmpty && long.isEmpty }
        private var isLongNext: Bool { prefersLong ? !long.isEmpty : short.isEmpty }
        var first: Element? { isLongNext ? long.first : short.first }

        mutating func removeFirst() -> Element? { isLongNext ? long.popFirst() : short.popFirst() }

        mutating func remove(where isWanted: (Element) -> Bool) -> Element? {
            if let place = short.firstIndex(where: isWanted) { return short.remove(at: place) }
            return long.firstIndex(where: isWanted).map { long.remove(at: $0) }
        }
    }

    private var turns: Deque<String?> = []
    private var waiting: [String?: Own] = [:]
    private(set) var count = 0

    var isEmpty: Bool { turns.isEmpty }
    /// How many clients have something in the line.
    var clients: Int { turns.count }

    /// What one client has in the line that needs one turn, in order of arrival.
    func elements(of client: String?) -> Deque<Element> { waiting[client]?.short ?? [] }

    /// - Parameter isLong: whether it needs many turns.
    mutating func append(_ element: Element, of client: String?, isLong: Bool = false) {
        if waiting[client] == nil { turns.append(client) }
        if isLong {
            waiting[client, default: Own()].long.append(element)
        } else {
            waiting[client, default: Own()].short.append(element)
        }
        count += 1
    }

    /// What is next.
    var first: Element? { turns.first.flatMap { waiting[$0]?.first } }

    /// Takes out what is next, and ends its client's turn.
    mutating func next() -> Element? {
        let element = first
        if removeFirst() { pass() }
        return element
    }

    /// Takes out what is next; false where its client has nothing else, and the turn is another's.
    mutating func removeFirst() -> Bool {
        guard let client = turns.first, waiting[client]?.removeFirst() != nil else { return false }
        count -= 1
        guard waiting[client]?.isEmpty == true else { return true }
        waiting[client] = nil
        turns.removeFirst()
        return false
    }

    /// Ends a client's turn, which comes again behind all others'; what is first of its own stays so.
    mutating func pass() {
        guard let client = turns.popFirst() else { return }
        turns.append(client)
        waiting[client]?.prefersLong.toggle()
    }

    /// Takes out the first that is looked for.
    mutating func remove(where isWanted: (Element) -> Bool) -> Element? {
        for client in turns {
            guard let element = waiting[client]?.remove(where: isWanted) else { continue }
            if waiting[client]?.isEmpty == true {
                waiting[client] = nil
                turns.removeAll { $0 == client }
            }
            count -= 1
            return element
        }
        return nil
    }
}
