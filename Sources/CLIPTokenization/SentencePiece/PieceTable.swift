#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds pieces of text: either a whole piece, or all pieces that begin at some place of a text.
///
/// This is an open-addressed table of places beside the pieces themselves. A filter ends the search for longer pieces
/// early. It has two bits for each hash: whether some piece begins so, and whether some piece is exactly that. The
/// filter may say yes wrongly, but never no.
struct PieceTable: Sendable {
    let pieces: PieceList

    /// Each slot holds a piece's place plus 1, or 0 if it is free.
    private var slots: [UInt32]
    private var marks: [UInt64]
    private let slotShift: UInt64
    private let markShift: UInt64
    /// A random number, so that nobody can write a file or a text whose pieces all fall into one slot.
    private let seed = UInt64.random(in: .min ... .max)
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    /// The first piece that equals an earlier one; the table then finds the later place.
    private(set) var repeated: Int?

    init(_ pieces: PieceList) {
        self.pieces = pieces
        var bits: UInt64 = 6
        while (1 << bits) < pieces.count * 2 { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        slotShift = 64 - bits
        // The filter has eight times as many hashes as there are slots; a word holds 32 of them.
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

    /// The place of the piece that is exactly `bytes[range]`.
    func place(of range: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var hash = seed
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* multiplier }
        let found = slots[slot(of: hash, range, in: bytes)]
        return found == 0 ? nil : Int(found) - 1
    }

    /// The place of the piece that is exactly these bytes.
    func place(of piece: some Collection<UInt8>) -> Int? {
        let found = piece.withContiguousStorageIfAvailable { place(of: 0..<$0.count, in: $0) }
        return found ?? Array(piece).withUnsafeBufferPointer { place(of: 0..<$0.count, in: $0) }
    }

    /// Calls `body` for every piece that begins at `start` of the text, the shortest first, with its end and its place.
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

    /// The longest piece that begins at `start` of the text: its end and its place.
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

    /// The slot that holds the piece `bytes[range]`, or that it would take.
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

    /// Compares long pieces; a file may have thousands of them, each beginning with the one before.
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
