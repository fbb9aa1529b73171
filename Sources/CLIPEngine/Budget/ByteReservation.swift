internal import Synchronization

/// Bytes taken from a ``ByteBudget``; they go back when this is released, or when ``release()`` is called.
package final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let purpose: ByteBudget.Purpose
    private let client: String?
    private let bytes: Mutex<Int>

    init(_ bytes: Int, _ purpose: ByteBudget.Purpose, _ client: String?, of budget: ByteBudget) {
        self.budget = budget
        self.purpose = purpose
        self.client = client
        self.bytes = Mutex(bytes)
    }

    deinit {
        release()
    }

    /// How many bytes are held.
    package var byteCount: Int { bytes.withLock { $0 } }

    /// Gives back everything beyond `count` bytes.
    package func shrink(to count: Int) {
        let surplus = bytes.withLock { bytes in
            let surplus = max(0, bytes - max(0, count))
            bytes -= surplus
            return surplus
        }
        budget.giveBack(surplus, purpose, client)
    }

    /// Takes over the bytes of another reservation for the same purpose and client.
    package func absorb(_ other: ByteReservation) {
        let taken = other.bytes.withLock { bytes in
            defer { bytes = 0 }
            return bytes
        }
        bytes.withLock { $0 += taken }
    }

    /// Gives all bytes back.
    package func release() {
        shrink(to: 0)
    }
}
