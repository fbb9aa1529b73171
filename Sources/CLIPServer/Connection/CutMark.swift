import Synchronization

/// Tells a request's task why it is cancelled: its client has left, or the server cuts it off.
final class CutMark: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}
