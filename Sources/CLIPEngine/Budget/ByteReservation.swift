internal import Synchronization

/// Bytes taken from a ``ByteBudget``; they go back when this is released, or when ``release()`` is called.
public final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let purpose: ByteBudget.Purpose
    private let bytes: Mutex<Int>

    init(_ bytes: Int, _ purpose: ByteBudget.Purpose, of budget: ByteBudget) {
        self.budget = budget
        self.purpose = purpose
        self.bytes = Mutex(bytes)
    }

    deinit {
        release()
    }

    /// How many bytes are held.
    public var byteCount: Int { bytes.withLock { $0 } }

    /// Gives back what is more than `count`.
    public func shrink(to count: Int) {
        let surplus = bytes.withLock { bytes in
            let surplus = max(0, bytes - max(0, count))
            bytes -= surplus
            return surplus
        }
        budget.giveBack(surplus, purpose)
    }

    /// Gives all back.
    public func release() {
        shrink(to: 0)
    }
}
