import HummingbirdCore
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
        /// Accepted and not closed yet; some may not have an entry yet.
        var open = 0
        var leaving = 0
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

    var hasRoom: Bool { state.withLock { $0.open < limit } }

    func opened() {
        state.withLock { $0.open += 1 }
        makeRoom()
    }

    func closed() {
        state.withLock { $0.open -= 1 }
    }

    func enter(_ channel: any Channel) {
        state.withLock { $0.entries[ObjectIdentifier(channel)] = Entry(channel: channel) }
        makeRoom()
    }

    func leave(_ channel: any Channel) {
        state.withLock { state in
            if state.entries.removeValue(forKey: ObjectIdentifier(channel))?.isLeaving == true {
                state.leaving -= 1
            }
        }
    }

    /// Says what a connection is at from now on.
    func note(_ standing: Standing, of channel: any Channel) {
        let isFull = state.withLock { state in
            guard var entry = state.entries[ObjectIdentifier(channel)] else { return false }
            entry.standing = standing
            entry.since = .now()
            state.entries[ObjectIdentifier(channel)] = entry
            return standing != .busy && state.open - state.leaving >= limit
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
            guard state.open - state.leaving >= limit else { return victims }
            while state.open - state.leaving > limit - spare, let victim = Self.victim(state.entries) {
                state.entries[victim]?.isLeaving = true
                state.leaving += 1
                if let channel = state.entries[victim]?.channel { victims.append(channel) }
            }
            return victims
        }
        for channel in victims { channel.pipeline.fireUserInboundEventTriggered(Eviction()) }
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

/// The server library's question whether to accept connections, answered by a ``ConnectionTable``.
struct ConnectionDoor: AvailableConnectionsDelegate {
    let table: ConnectionTable

    func connectionOpened() { table.opened() }

    func connectionClosed() { table.closed() }

    func isAcceptingNewConnections() -> Bool { table.hasRoom }
}
