internal import DequeModule

/// What waits in a line where clients take turns, and each one's own goes in order of arrival; a value without a lock.
struct ClientLine<Element: Sendable>: Sendable {
    private var turns: Deque<String?> = []
    private var waiting: [String?: Deque<Element>] = [:]
    private(set) var count = 0

    var isEmpty: Bool { turns.isEmpty }
    /// How many clients have something in the line.
    var clients: Int { turns.count }

    /// What one client has in the line, in order of arrival.
    func elements(of client: String?) -> Deque<Element> { waiting[client] ?? [] }

    mutating func append(_ element: Element, of client: String?) {
        if waiting[client] == nil { turns.append(client) }
        waiting[client, default: []].append(element)
        count += 1
    }

    /// What ``next()`` takes out.
    var first: Element? { turns.first.flatMap { waiting[$0]?.first } }

    /// Takes out what is next; its client's turn comes again behind all others'.
    mutating func next() -> Element? {
        guard let client = turns.popFirst(), let element = waiting[client]?.popFirst() else { return nil }
        if waiting[client]?.isEmpty == true { waiting[client] = nil } else { turns.append(client) }
        count -= 1
        return element
    }

    /// Takes out the first that is looked for.
    mutating func remove(where isWanted: (Element) -> Bool) -> Element? {
        for client in turns {
            guard let place = waiting[client]?.firstIndex(where: isWanted) else { continue }
            let element = waiting[client]?.remove(at: place)
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
