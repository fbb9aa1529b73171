import CLIPEngine
import NIOCore

/// A body that is being received, and its room in the engine's budget.
///
/// Room is reserved before bytes are taken: all at once for a body that announces its length, and in growing steps for
/// one that does not. The steps are kept as separate pieces until the end, because an array that grows is in memory
/// twice meanwhile.
struct BodyIntake: Sendable {
    /// The full pieces; `piece` is the one that is being filled.
    private var pieces: [[UInt8]] = []
    private var piece: [UInt8] = []
    private var pieceSize = 0
    private(set) var room: ByteReservation?
    /// The bytes received so far, including those that are discarded.
    private(set) var received = 0
    let announced: Int?
    let limit: Int
    /// Whether the bytes are discarded.
    let isPassedOver: Bool

    /// The first step, and the least of the later ones, for a body of unknown length.
    private static let firstStep = 16 << 10
    private static let laterStep = 128 << 10

    init(announced: Int?, limit: Int, isPassedOver: Bool) {
        self.announced = announced
        self.limit = limit
        self.isPassedOver = isPassedOver
    }

    /// How many bytes of room have to be reserved before this many more bytes can be taken; nil if there is room
    /// enough.
    ///
    /// - Parameter most: the largest room that one body can get.
    func demand(for count: Int, most: Int) -> Int? {
        let free = pieceSize - piece.count
        guard !isPassedOver, count > free else { return nil }
        if let announced { return announced }
        let step = received == 0 ? Self.firstStep : max(Self.laterStep, received / 4)
        let left = min(limit - received - free, most - (room?.byteCount ?? 0))
        return max(count - free, min(step, left))
    }

    /// Adds room for another piece.
    mutating func grow(by size: Int, with room: ByteReservation) {
        if let held = self.room { held.absorb(room) } else { self.room = room }
        if !piece.isEmpty { pieces.append(piece) }
        // The unused room of the last piece counts for this one.
        pieceSize = pieceSize - piece.count + size
        piece = []
        piece.reserveCapacity(pieceSize)
    }

    mutating func append(_ buffer: ByteBuffer) {
        received += buffer.readableBytes
        guard !isPassedOver else { return }
        buffer.withUnsafeReadableBytes { piece.append(contentsOf: $0) }
    }

    /// All bytes, and the reservation that counts them; room that was not used is given back.
    mutating func finish() -> (bytes: [UInt8], room: ByteReservation?) {
        room?.shrink(to: received)
        guard !pieces.isEmpty else { return (piece, room) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(received)
        pieces.append(piece)
        piece = []
        for index in pieces.indices {
            bytes += pieces[index]
            pieces[index] = []
        }
        return (bytes, room)
    }
}
