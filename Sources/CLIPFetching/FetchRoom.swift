internal import Synchronization

/// Bytes that were reserved for a fetched image; they are given back when the last reference goes.
public final class FetchRoom: Sendable {
    private let held: Mutex<Int>
    private let giveBack: @Sendable (Int) -> Void

    /// Reserves `bytes`; `giveBack` is called with the bytes that are no longer needed, in parts that add up to all.
    public init(bytes: Int, giveBack: @escaping @Sendable (Int) -> Void = { _ in }) {
        held = Mutex(bytes)
        self.giveBack = giveBack
    }

    deinit {
        let rest = bytes
        if rest > 0 { giveBack(rest) }
    }

    /// The bytes that are reserved now.
    public var bytes: Int { held.withLock { $0 } }

    /// Gives back what is held above `count` bytes; it never takes more.
    public func shrink(to count: Int) {
        let surplus = held.withLock { held in
            let surplus = max(0, held - max(0, count))
            held -= surplus
            return surplus
        }
        if surplus > 0 { giveBack(surplus) }
    }
}

/// An image as its host sent it, and the reserved room for its bytes.
public struct FetchedImage: Sendable {
    /// The encoded image, after any content encoding was undone.
    public let bytes: [UInt8]
    /// The room, which has to be kept as long as the bytes are.
    public let room: FetchRoom
}
