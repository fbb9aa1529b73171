import CLIPEngine
import NIOCore

/// A body on its way in, and its place in the engine's budget.
///
/// Room is taken before bytes are: for all of a body that announces its length, and in steps that get longer for one that does
/// not. Those are kept in pieces until the end, since an array that grows is there twice meanwhile.
struct BodyIntake: Sendable {
    /// Full ones, and the one that is being filled.
    private var pieces: [[UInt8]] = []
    private var piece: [UInt8] = []
    private var pieceSize = 0
    private(set) var room: ByteReservation?
    /// Bytes so far, those passed over included.
    private(set) var received = 0
    let announced: Int?
    let limit: Int
    /// Whether nobody wants the bytes.
    let isPassedOver: Bool

    /// Steps for a body of unknown length: the first one, and others at least.
    private static let firstStep = 16 << 10
    private static let laterStep = 128 << 10

    init(announced: Int?, limit: Int, isPassedOver: Bool) {
        self.announced = announced
        self.limit = limit
        self.isPassedOver = isPassedOver
    }

    /// How many bytes of room it takes to accept so many bytes more; nil where there is enough.
    ///
    /// - Parameter most: the most that there is for one body.
    func demand(for count: Int, most: Int) -> Int? {
        let free = pieceSize - piece.count
        guard !isPassedOver, count > free else { return nil }
        if let announced { return announced }
        let step = received == 0 ? Self.firstStep : max(Self.laterStep, received / 4)
        let left = min(limit - received - free, most - (room?.byteCount ?? 0))
        return max(count - free, min(step, left))
    }

    /// Takes what is given to it.
    mutating func grow(by size: Int, with room: ByteReservation) {
        if let held = self.room { held.absorb(room) } else { self.room = room }
        if !piece.isEmpty { pieces.append(piece) }
        // What was free in the piece before is so in this one.
        pieceSize = pieceSize - piece.count + size
        piece = []
        piece.reserveCapacity(pieceSize)
    }

    mutating func append(_ buffer: ByteBuffer) {
        received += buffer.readableBytes
        guard !isPassedOver else { return }
        buffer.withUnsafeReadableBytes { piece.append(contentsOf: $0) }
    }

    /// All bytes, and what keeps them counted; what was reserved and not used goes back.
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
