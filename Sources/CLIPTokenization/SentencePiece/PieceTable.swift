#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds pieces of text: a whole one, or all that a text goes on with at some place.
///
/// An open-addressed table of places beside the pieces themselves. So that looking for what a text goes on with ends early, a filter
/// has two bits for each hash: some piece begins so, some piece is so. It may say yes wrongly, never no.
struct PieceTable: Sendable {
    let pieces: PieceList

    /// A piece's place and 1; 0 where nothing is.
    private var slots: [UInt32]
    private var marks: [UInt64]
    private let slotShift: UInt64
    private let markShift: UInt64
    /// Random, so that no file and no text can be made whose pieces all fall on one place.
    private let seed = UInt64.random(in: .min ... .max)
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    /// The first piece that is the same as one before it; such a one is found at its last place.
    private(set) var repeated: Int?

    init(_ pieces: PieceList) {
        self.pieces = pieces
        var bits: UInt64 = 6
        while (1 << bits) < pieces.count * 2 { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        slotShift = 64 - bits
        // Eight times as many hashes as slots, 32 of them in a word.
        marks = Array(repeating: 0, count: 1 << (bits - 2))
        markShift = 64 - (bits + 3)
        pieces.bytes.withUnsafeBufferPointer { bytes in
            for place in 0..<pieces.count { insert(place, bytes) }
        }
    }

    /// The number of pieces.
    var count: Int { pieces.count }

    private mutating func insert(_ place: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
        let range = pieces.range(of: place)
        var hash = seed
        var index = range.lowerBound
        while index < range.upperBound {
            hash = (hash ^ UInt64(bytes[index])) &* multiplier
            index += 1
            if index == range.upperBound {
                mark(hash, 3)
            } else if !Self.isContinuation(bytes[index]) {
                mark(hash, 1)
            }
        }
        let slot = slot(of: hash, range, in: bytes)
        if slots[slot] != 0, repeated == nil { repeated = place }
        slots[slot] = UInt32(place + 1)
    }

    /// The place of a piece that is exactly `bytes[range]`.
    func place(of range: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var hash = seed
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* multiplier }
        let found = slots[slot(of: hash, range, in: bytes)]
        return found == 0 ? nil : Int(found) - 1
    }

    /// The place of a piece that is exactly these bytes.
    func place(of piece: some Collection<UInt8>) -> Int? {
        let found = piece.withContiguousStorageIfAvailable { place(of: 0..<$0.count, in: $0) }
        return found ?? Array(piece).withUnsafeBufferPointer { place(of: 0..<$0.count, in: $0) }
    }

    /// Every piece that the text goes on with at `start`, the shortest first, with where it ends and its place.
    @inline(__always)
    func forEachPrefix(
        of text: UnsafeBufferPointer<UInt8>,
        at start: Int,
        _ found: (_ end: Int, _ place: Int) -> Void
    ) {
        var hash = seed
        var index = start
        while index < text.count {
            hash = (hash ^ UInt64(text[index])) &* multiplier
            index += 1
            if index < text.count, Self.isContinuation(text[index]) { continue }
            let marks = marked(hash)
            if marks & 2 != 0 {
                let slot = slots[slot(of: hash, start..<index, in: text)]
                if slot != 0 { found(index, Int(slot) - 1) }
            }
            if marks & 1 == 0 { return }
        }
    }

    /// The longest piece that the text goes on with at `start`: where it ends and its place.
    func longestPrefix(of text: UnsafeBufferPointer<UInt8>, at start: Int) -> (end: Int, place: Int)? {
        var longest: (end: Int, place: Int)?
        forEachPrefix(of: text, at: start) { longest = ($0, $1) }
        return longest
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    @inline(__always)
    private mutating func mark(_ hash: UInt64, _ bits: UInt64) {
        let place = hash >> markShift
        marks[Int(place >> 5)] |= bits << (2 * (place & 31))
    }

    @inline(__always)
    private func marked(_ hash: UInt64) -> UInt64 {
        let place = hash >> markShift
        return marks[Int(place >> 5)] >> (2 * (place & 31)) & 3
    }

    /// Where the piece `bytes[range]` is, or would be.
    @inline(__always)
    private func slot(of hash: UInt64, _ range: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = Int(truncatingIfNeeded: hash >> slotShift)
        while slots[slot] != 0 {
            let other = pieces.range(of: Int(slots[slot]) - 1)
            if other.count == range.count, isSame(other, range, bytes) { return slot }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    @inline(__always)
    private func isSame(
        _ piece: Range<Int>,
        _ range: Range<Int>,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard piece.count < 64 else { return isSameAtLength(piece, range, bytes) }
        for offset in 0..<piece.count
        where pieces.bytes[piece.lowerBound + offset] != bytes[range.lowerBound + offset] {
            return false
        }
        return true
    }

    /// The same for long pieces, of which a file may have thousands that each begin with the last.
    @inline(never)
    private func isSameAtLength(
        _ piece: Range<Int>,
        _ range: Range<Int>,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        pieces.bytes.withUnsafeBytes { all in
            guard let known = all.baseAddress, let found = bytes.baseAddress else { return true }
            return memcmp(known + piece.lowerBound, found + range.lowerBound, piece.count) == 0
        }
    }
}
