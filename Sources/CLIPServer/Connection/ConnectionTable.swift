import NIOCore
import Synchronization

/// Knows every open connection of one listener, so that who has waited longest for nothing makes room for who comes next.
///
/// A connection with a request in hand is never given up.
final class ConnectionTable: Sendable {
    /// What a connection is at.
    enum Standing: Int, Sendable {
        /// Nothing of a request is there.
        case idle
        /// Some of a request is there.
        case receiving
        /// Its answer waits to be read.
        case sending
        /// A request is in hand.
        case busy
    }

    /// What a connection is told that has to make room.
    struct Eviction: Sendable {}

    private struct Entry {
        let channel: any Channel
        var standing = Standing.idle
        var since = NIODeadline.now()
        /// Whether it was told to go already.
        var isLeaving = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var leaving = 0
        /// Accepted and not set up yet.
        var expected = 0
        /// What everybody is told who comes yet.
        var farewell: (any Sendable)?
        /// Called once the last connection has left.
        var onEnd: (@Sendable () -> Void)?
        /// Called where there is room and somebody waits for it.
        var onRoom: (@Sendable () -> Void)?

        mutating func takeEnd() -> (@Sendable () -> Void)? {
            guard entries.isEmpty, expected == 0 else { return nil }
            defer { onEnd = nil }
            return onEnd
        }
    }

    /// Most connections; a place is kept free for who comes next, by closing another.
    let limit: Int
    /// Places that are made at once.
    private let spare: Int
    private let state = Mutex(State())
    /// Whether somebody waits for room; changed with the state alone.
    private let awaited = Atomic(false)

    init(limit: Int) {
        self.limit = limit
        spare = min(max(1, limit / 4), 32)
    }

    /// Whether there is a place for another connection; if not, it is told once there is, see ``whenRoom(_:)``.
    func hasRoom() -> Bool {
        state.withLock { state in
            let isFull = state.entries.count + state.expected >= limit
            awaited.store(isFull, ordering: .relaxed)
            return !isFull
        }
    }

    /// Nobody waits for what was asked for.
    func isNotAwaited() { state.withLock { _ in awaited.store(false, ordering: .relaxed) } }

    /// Whether somebody waits for a place: then who has been answered makes room.
    var isAwaited: Bool { awaited.load(ordering: .relaxed) }

    private func takeRoom(_ state: inout State) -> (@Sendable () -> Void)? {
        guard isAwaited, state.entries.count + state.expected < limit else { return nil }
        awaited.store(false, ordering: .relaxed)
        return state.onRoom
    }

    /// Has it called once there is room that was asked for in vain.
    func whenRoom(_ onRoom: @escaping @Sendable () -> Void) {
        state.withLock { $0.onRoom = onRoom }
    }

    // MARK: Who is there

    /// How many were accepted and are not set up yet.
    var expected: Int { state.withLock { $0.expected } }

    /// A connection was accepted, and will be entered if setting it up succeeds; ``settled()`` follows.
    func expect() {
        state.withLock { $0.expected += 1 }
    }

    /// Whatever came of it.
    ///
    /// - Returns: how many were expected before.
    func settled() -> Int {
        let (before, onRoom, onEnd) = state.withLock { state in
            state.expected -= 1
            return (state.expected + 1, takeRoom(&state), state.takeEnd())
        }
        onRoom?()
        onEnd?()
        return before
    }

    func enter(_ channel: any Channel) {
        let farewell = state.withLock { state in
            state.entries[ObjectIdentifier(channel)] = Entry(channel: channel)
            return state.farewell
        }
        if let farewell { Self.tell(channel, farewell) }
        makeRoom()
    }

    func leave(_ channel: any Channel) {
        let (onRoom, onEnd) = state.withLock { state in
            if state.entries.removeValue(forKey: ObjectIdentifier(channel))?.isLeaving == true {
                state.leaving -= 1
            }
            return (takeRoom(&state), state.takeEnd())
        }
        onRoom?()
        onEnd?()
    }

    /// Tells all, and everybody who comes yet.
    func tellAll(_ farewell: any Sendable) {
        let channels = state.withLock { state in
            state.farewell = farewell
            return state.entries.values.map(\.channel)
        }
        for channel in channels { Self.tell(channel, farewell) }
    }

    /// Nobody is expected any more: calls back once the last has left.
    func whenEmpty(_ onEnd: @escaping @Sendable () -> Void) {
        let isEmpty = state.withLock { state in
            state.onEnd = onEnd
            return state.takeEnd() != nil
        }
        if isEmpty { onEnd() }
    }

    private static func tell(_ channel: any Channel, _ event: any Sendable) {
        channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(event) }
    }

    // MARK: Who makes room

    /// Says what a connection is at from now on.
    func note(_ standing: Standing, of channel: any Channel) {
        let isFull = state.withLock { state in
            guard var entry = state.entries[ObjectIdentifier(channel)] else { return false }
            entry.standing = standing
            entry.since = .now()
            state.entries[ObjectIdentifier(channel)] = entry
            return standing != .busy && state.entries.count - state.leaving >= limit
        }
        if isFull { makeRoom() }
    }

    /// Takes back that a connection was told to go: it had become busy.
    func stays(_ channel: any Channel) {
        state.withLock { state in
            guard state.entries[ObjectIdentifier(channel)]?.isLeaving == true else { return }
            state.entries[ObjectIdentifier(channel)]?.isLeaving = false
            // Not to be chosen again at once, where there are no others.
            state.entries[ObjectIdentifier(channel)]?.since = .now()
            state.leaving -= 1
        }
        makeRoom()
    }

    /// Has as many connections go as it takes for some places to be free: a crowd is let in by the dozen.
    ///
    /// - Parameter always: whether there is no room for them elsewhere, however many the limit allows.
    func makeRoom(always: Bool = false) {
        let victims = state.withLock { state -> [any Channel] in
            let staying = state.entries.count - state.leaving
            let surplus = staying - (limit - spare)
            guard staying >= limit || always && state.leaving == 0 else { return [] }
            let victims = Self.victims(state.entries, always ? max(1, surplus) : surplus)
            for victim in victims { state.entries[victim]?.isLeaving = true }
            state.leaving += victims.count
            return victims.compactMap { state.entries[$0]?.channel }
        }
        for channel in victims { Self.tell(channel, Eviction()) }
    }

    /// Those who have been idle longest; then who has been sending its request, or reading its answer, longest.
    ///
    /// Who has come, or has begun something, only now gets a moment, as long as there are others. All are looked at once,
    /// under the lock that every connection needs.
    private static func victims(
        _ entries: [ObjectIdentifier: Entry],
        _ count: Int
    ) -> [ObjectIdentifier] {
        let now = NIODeadline.now()
        let settled = now - newcomer
        var first: [(rank: (Int, NIODeadline), key: ObjectIdentifier)] = []
        for (key, entry) in entries
        where !entry.isLeaving && entry.standing != .busy && entry.since < now - arrival {
            let rank = (
                entry.since < settled ? entry.standing.rawValue : Standing.busy.rawValue, entry.since
            )
            if first.count == count {
                guard let last = first.last, rank < last.rank else { continue }
                first.removeLast()
            }
            first.insert((rank, key), at: first.firstIndex { rank < $0.rank } ?? first.count)
        }
        return first.map(\.key)
    }

    /// That moment.
    private static let newcomer = TimeAmount.milliseconds(500)
    /// What everybody has, whoever comes: long enough for a request to be read that came with its connection.
    private static let arrival = TimeAmount.milliseconds(10)
}
