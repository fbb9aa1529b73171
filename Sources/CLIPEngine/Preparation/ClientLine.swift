internal import DequeModule

/// A queue in which clients take turns, and each client's own elements keep their order of arrival; a value without a
/// lock.
///
/// Elements that need many turns wait in a second queue of their client, which gets every other turn of the client
/// while both have elements.
package struct ClientLine<Element: Sendable>: Sendable {
    /// The elements of one client.
    private struct Own {
        var short: Deque<Element> = []
        var long: Deque<Element> = []
        /// Whether the client's next turn goes to the elements that need many.
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
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { turns.isEmpty }
    /// How many clients have elements in the queue.
    var clients: Int { turns.count }

    /// One client's elements that need a single turn, in order of arrival.
    func elements(of client: String?) -> Deque<Element> { waiting[client]?.short ?? [] }

    /// - Parameter isLong: whether the element needs many turns.
    package mutating func append(_ element: Element, of client: String?, isLong: Bool = false) {
        if waiting[client] == nil { turns.append(client) }
        if isLong {
            waiting[client, default: Own()].long.append(element)
        } else {
            waiting[client, default: Own()].short.append(element)
        }
        count += 1
    }

    /// The next element.
    var first: Element? { turns.first.flatMap { waiting[$0]?.first } }

    /// Removes the next element, and ends its client's turn.
    package mutating func next() -> Element? {
        let element = first
        if removeFirst() { pass() }
        return element
    }

    /// Removes the next element; false if its client has no other, so that the turn has passed to the next client.
    mutating func removeFirst() -> Bool {
        guard let client = turns.first, waiting[client]?.removeFirst() != nil else { return false }
        count -= 1
        guard waiting[client]?.isEmpty == true else { return true }
        waiting[client] = nil
        turns.removeFirst()
        return false
    }

    /// Ends a client's turn; the next one comes after all other clients', with the client's elements in the same order.
    mutating func pass() {
        guard let client = turns.popFirst() else { return }
        turns.append(client)
        waiting[client]?.prefersLong.toggle()
    }

    /// Removes the first element that matches.
    package mutating func remove(where isWanted: (Element) -> Bool) -> Element? {
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
