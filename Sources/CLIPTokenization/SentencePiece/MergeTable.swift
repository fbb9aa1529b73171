/// The merges of a vocabulary of pieces by rank: which two tokens join into which.
///
/// Half a million of them take 15 MB: three numbers each, and an open-addressed table of ranks.
struct MergeTable: Sendable {
    private var lefts: [Int32] = []
    private var rights: [Int32] = []
    private var made: [Int32] = []
    /// Each slot holds a merge's rank plus 1, or 0 if it is free.
    private var slots: [UInt32]
    private let shift: UInt64
    /// An odd random number, so that nobody can write a file whose pairs all fall into one slot.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    /// An empty table for this many merges.
    init(capacity: Int) {
        var bits: UInt64 = 6
        while (1 << bits) < capacity * 2 { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        shift = 64 - bits
        lefts.reserveCapacity(capacity)
        rights.reserveCapacity(capacity)
        made.reserveCapacity(capacity)
    }

    /// The number of merges.
    var count: Int { made.count }

    /// Adds the merge of the next rank; returns false if the pair already has one.
    mutating func append(_ left: Int32, _ right: Int32, making token: Int32) -> Bool {
        precondition(count < slots.count / 2, "The table was made for fewer merges.")
        let slot = slot(of: left, right)
        guard slots[slot] == 0 else { return false }
        lefts.append(left)
        rights.append(right)
        made.append(token)
        slots[slot] = UInt32(count)
        return true
    }

    /// The rank of the merge of two tokens and the token that it makes; nil if they do not merge.
    func merge(of left: Int32, _ right: Int32) -> (rank: UInt32, token: Int32)? {
        let found = slots[slot(of: left, right)]
        return found == 0 ? nil : (found - 1, made[Int(found) - 1])
    }

    private func slot(of left: Int32, _ right: Int32) -> Int {
        let pair = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        // The product is used twice, since differences in the upper half alone hardly reach the product's upper half.
        let hash = (pair &* multiplier) ^ ((pair &* multiplier) >> 32)
        var slot = Int(truncatingIfNeeded: (hash &* multiplier) >> shift)
        while slots[slot] != 0 {
            let rank = Int(slots[slot]) - 1
            if lefts[rank] == left, rights[rank] == right { return slot }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }
}
