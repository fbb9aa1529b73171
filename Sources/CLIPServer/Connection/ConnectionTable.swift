import NIOCore
import Synchronization

/// Knows every open connection of one listener, so that the one that has been idle longest can make room for a new one.
///
/// A connection whose request is being answered is never closed for that.
final class ConnectionTable: Sendable {
    /// The state of a connection.
    enum Standing: Int, Sendable {
        /// No part of a request has arrived.
        case idle
        /// Part of a request has arrived.
        case receiving
        /// Its client has not read the answer yet.
        case sending
        /// A request is being answered.
        case busy
    }

    /// The event that tells a connection to make room.
    struct Eviction: Sendable {
        /// Whether no part of a request had arrived when the connection was chosen.
        let wasIdle: Bool
    }

    private struct Entry {
        let channel: any Channel
        var standing = Standing.idle
        var since = NIODeadline.now()
        /// Whether it has been told to close.
        var isLeaving = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var leaving = 0
        /// The number of connections that are accepted but not set up yet.
        var expected = 0
        /// The event that ends the server's connections, which later ones also get.
        var farewell: (any Sendable)?
        /// Called once the last connection has ended.
        var onEnd: (@Sendable () -> Void)?
        /// Called when there is room and somebody is waiting for it.
        var onRoom: (@Sendable () -> Void)?

        mutating func takeEnd() -> (@Sendable () -> Void)? {
            guard entries.isEmpty, expected == 0 else { return nil }
            defer { onEnd = nil }
            return onEnd
        }
    }

    /// The largest number of connections; one place is kept free by closing another connection.
    let limit: Int
    /// How many places are freed at once.
    private let spare: Int
    private let state = Mutex(State())
    /// Whether somebody is waiting for room; changes only under the lock of `state`.
    private let awaited = Atomic(false)

    init(limit: Int) {
        self.limit = limit
        spare = min(max(1, limit / 4), 32)
    }

    /// Whether there is a place for another connection; if not, the callback of ``whenRoom(_:)`` is called once there
    /// is.
    func hasRoom() -> Bool {
        state.withLock { state in
            let isFull = state.entries.count + state.expected >= limit
            awaited.store(isFull, ordering: .relaxed)
            return !isFull
        }
    }

    /// Notes that nobody waits for room any more.
    func isNotAwaited() { state.withLock { _ in awaited.store(false, ordering: .relaxed) } }

    /// Whether somebody waits for room; then connections close after their answer.
    var isAwaited: Bool { awaited.load(ordering: .relaxed) }

    private func takeRoom(_ state: inout State) -> (@Sendable () -> Void)? {
        guard isAwaited, state.entries.count + state.expected < limit else { return nil }
        awaited.store(false, ordering: .relaxed)
        return state.onRoom
    }

    /// Sets the callback for room that ``hasRoom()`` did not find.
    func whenRoom(_ onRoom: @escaping @Sendable () -> Void) {
        state.withLock { $0.onRoom = onRoom }
    }

    // MARK: Who is there

    /// The number of connections that are accepted but not set up yet.
    var expected: Int { state.withLock { $0.expected } }

    /// Notes that a connection was accepted; ``settled()`` follows whether or not setting it up succeeds.
    func expect() {
        state.withLock { $0.expected += 1 }
    }

    /// Notes the end of setting up a connection.
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

    /// Sends an event to all connections, including later ones.
    func tellAll(_ farewell: any Sendable) {
        let channels = state.withLock { state in
            state.farewell = farewell
            return state.entries.values.map(\.channel)
        }
        for channel in channels { Self.tell(channel, farewell) }
    }

    /// Calls back once the last connection has ended; no more are expected.
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

    /// Notes the new state of a connection.
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

    /// Withdraws a request to close, because a request had come meanwhile.
    func stays(_ channel: any Channel) {
        state.withLock { state in
            guard state.entries[ObjectIdentifier(channel)]?.isLeaving == true else { return }
            state.entries[ObjectIdentifier(channel)]?.isLeaving = false
            // It is not chosen again at once if there are no others.
            state.entries[ObjectIdentifier(channel)]?.since = .now()
            state.leaving -= 1
        }
        makeRoom()
    }

    /// Closes as many connections as it takes to have some places free, so that many new ones are let in at once.
    ///
    /// - Parameter always: whether the system has no room for another connection, whatever the limit allows.
    func makeRoom(always: Bool = false) {
        let victims = state.withLock { state -> [(channel: any Channel, wasIdle: Bool)] in
            let staying = state.entries.count - state.leaving
            let surplus = staying - (limit - spare)
            guard staying >= limit || always && state.leaving == 0 else { return [] }
            let victims = Self.victims(state.entries, always ? max(1, surplus) : surplus)
            for victim in victims { state.entries[victim]?.isLeaving = true }
            state.leaving += victims.count
            return victims.compactMap { victim in
                state.entries[victim].map { ($0.channel, $0.standing == .idle) }
            }
        }
        for victim in victims { Self.tell(victim.channel, Eviction(wasIdle: victim.wasIdle)) }
    }

    /// The connections that have been idle longest, then those that have been sending their request, or reading their
    /// answer, longest.
    ///
    /// Connections that are new, or have just begun something, get a moment, as long as there are others. All are
    /// examined in one pass, under the lock that every connection needs.
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

    /// The length of that moment.
    private static let newcomer = TimeAmount.milliseconds(500)
    /// The time that every connection has, long enough to read a request that came with it.
    private static let arrival = TimeAmount.milliseconds(10)
}
