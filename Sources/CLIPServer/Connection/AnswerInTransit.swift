import CLIPEngine
import NIOCore

/// An answer that leaves for its client piece by piece, as fast as that reads.
struct AnswerInTransit {
    private var start: ByteBuffer?
    private let body: [UInt8]
    private var offset = 0
    /// Kept until the answer has left.
    private let room: ByteReservation?
    /// When it began to leave.
    private let beginning: NIODeadline
    /// When a piece of it left last.
    private(set) var progress: NIODeadline
    /// What had arrived in all when that was asked last.
    private var arrived: UInt64 = 0
    /// Whether a piece was written and has not left.
    var isUnderWay = false
    var isPumping = false

    /// Nothing.
    init() {
        start = nil
        body = []
        room = nil
        beginning = .now()
        progress = beginning
    }

    init(_ start: ByteBuffer, _ response: ServerResponse) {
        self.start = start
        body = response.isHead ? [] : response.body
        room = response.room
        beginning = .now()
        progress = beginning
    }

    /// Whether it takes more than one piece.
    var isLong: Bool { body.count > ConnectionLimits.piece }

    var isDone: Bool { start == nil && offset == body.count && !isUnderWay }

    /// How long it has been leaving, by the last piece that has.
    var time: TimeAmount { progress - beginning }

    /// The next piece to write.
    mutating func next() -> ByteBuffer? {
        if var first = start {
            start = nil
            let count = min(body.count, ConnectionLimits.piece)
            first.writeBytes(body[..<count])
            offset = count
            return first
        }
        guard offset < body.count else { return nil }
        let end = min(body.count, offset + ConnectionLimits.piece)
        defer { offset = end }
        return ByteBuffer(bytes: body[offset..<end])
    }

    /// Notes what has arrived on the connection in all; false if that is too little since it was noted before.
    mutating func note(arrived bytes: UInt64) -> Bool {
        guard bytes >= arrived + UInt64(ConnectionLimits.leastSent) else { return false }
        arrived = bytes
        progress = .now()
        return true
    }

    /// The piece has left.
    mutating func left() {
        isUnderWay = false
        progress = .now()
    }
}
