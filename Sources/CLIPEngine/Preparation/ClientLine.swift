internal import DequeModule

/// What waits in a line where clients take turns, and each one's own goes in order of arrival; a value without a lock.
///
/// What needs many turns waits in a second line of its client's, where the first one stays first until it is done.
struct ClientLine<Element: Sendable>: Sendable {
    /// What one client has in the line.
    private struct Own {
        var short: Deque<Element> = []
        var long: Deque<Element> = []

        var isEmpty: Bool { short.isEmpty && long.isEmpty }

        private func isLongNext(_ isPreferred: Bool) -> Bool { isPreferred ? !long.isEmpty : short.isEmpty }

        func first(_ prefersLong: Bool) -> Element? { isLongNext(prefersLong) ? long.first : short.first }

        mutating func next(_ prefersLong: Bool) -> Element? {
            isLongNext(prefersLong) ? long.popFirst() : short.popFirst()
        }

        mutating func remove(where isWanted: (Element) -> Bool) -> Element? {
            if let place = short.firstIndex(where: isWanted) { return short.remove(at: place) }
            return long.firstIndex(where: isWanted).map { long.remove(at: $0) }
        }
    }

    private var turns: Deque<String?> = []
    private var waiting: [String?: Own] = [:]
    private(set) var count = 0
    /// Whether a client's turn goes to what needs many, where it has some, before the rest.
    var prefersLong = false

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

    /// What ``next()`` takes out.
    var first: Element? { turns.first.flatMap { waiting[$0]?.first(prefersLong) } }

    /// Takes out what is next; its client's turn comes again behind all others'.
    mutating func next() -> Element? {
        guard let client = turns.popFirst(), let element = waiting[client]?.next(prefersLong) else {
            return nil
        }
        if waiting[client]?.isEmpty == true { waiting[client] = nil } else { turns.append(client) }
        count -= 1
        return element
    }

    /// Ends the turn of what is next, which needs another and keeps its place among its client's.
    mutating func pass() {
        if let client = turns.popFirst() { turns.append(client) }
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
