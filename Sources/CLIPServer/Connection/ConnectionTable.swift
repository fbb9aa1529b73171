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

    init(limit: Int) {
        self.limit = limit
        spare = min(max(1, limit / 16), 32)
    }

    var hasRoom: Bool { state.withLock { $0.entries.count + $0.expected < limit } }

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
        let (before, onEnd) = state.withLock { state in
            state.expected -= 1
            return (state.expected + 1, state.takeEnd())
        }
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
        let onEnd = state.withLock { state in
            if state.entries.removeValue(forKey: ObjectIdentifier(channel))?.isLeaving == true {
                state.leaving -= 1
            }
            return state.takeEnd()
        }
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
            state.leaving -= 1
        }
        makeRoom()
    }

    /// Has as many connections go as it takes for some places to be free: a crowd is let in by the dozen.
    private func makeRoom() {
        let victims = state.withLock { state -> [any Channel] in
            var victims: [any Channel] = []
            guard state.entries.count - state.leaving >= limit else { return victims }
            while state.entries.count - state.leaving > limit - spare, let victim = Self.victim(state.entries)
            {
                state.entries[victim]?.isLeaving = true
                state.leaving += 1
                if let channel = state.entries[victim]?.channel { victims.append(channel) }
            }
            return victims
        }
        for channel in victims { Self.tell(channel, Eviction()) }
    }

    /// Who has been idle longest; else who has been sending its request, or reading its answer, longest.
    ///
    /// Who has come, or has begun something, only now gets a moment, as long as there are others.
    private static func victim(_ entries: [ObjectIdentifier: Entry]) -> ObjectIdentifier? {
        let settled = NIODeadline.now() - newcomer
        func rank(_ entry: Entry) -> (Int, NIODeadline) {
            (entry.since < settled ? entry.standing.rawValue : Standing.busy.rawValue, entry.since)
        }
        return entries.lazy
            .filter { !$0.value.isLeaving && $0.value.standing != .busy }
            .min { rank($0.value) < rank($1.value) }?
            .key
    }

    /// That moment.
    private static let newcomer = TimeAmount.milliseconds(500)
}
