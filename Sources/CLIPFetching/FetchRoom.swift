internal import Synchronization

/// Bytes that somebody set aside for a fetched image; given back when the last reference goes.
public final class FetchRoom: Sendable {
    private let held: Mutex<Int>
    private let giveBack: @Sendable (Int) -> Void

    /// Room for `bytes`, of which `giveBack` is told what is no longer needed: in parts, each once.
    public init(bytes: Int, giveBack: @escaping @Sendable (Int) -> Void = { _ in }) {
        held = Mutex(bytes)
        self.giveBack = giveBack
    }

    deinit {
        let rest = bytes
        if rest > 0 { giveBack(rest) }
    }

    /// The bytes that are set aside now.
    public var bytes: Int { held.withLock { $0 } }

    /// Gives back what is held above `count` bytes; never takes more.
    public func shrink(to count: Int) {
        let surplus = held.withLock { held in
            let surplus = max(0, held - max(0, count))
            held -= surplus
            return surplus
        }
        if surplus > 0 { giveBack(surplus) }
    }
}

/// An image as its host sent it, and the room that its bytes take.
public struct FetchedImage: Sendable {
    /// The encoded image, unpacked if it came packed for the transfer.
    public let bytes: [UInt8]
    /// To be kept for as long as the bytes are.
    public let room: FetchRoom
}
