import CLIPEngine
import NIOCore

/// An answer that is sent piece by piece, as fast as its client reads.
struct AnswerInTransit {
    private var start: ByteBuffer?
    private let body: [UInt8]
    private var offset = 0
    /// Kept until the answer has been written.
    private let room: ByteReservation?
    /// When the first piece was to be written.
    private let beginning: NIODeadline
    /// When a piece was last written completely.
    private(set) var progress: NIODeadline
    /// The bytes that had arrived in all at the last check.
    private var arrived: UInt64 = 0
    /// Whether a piece is being written.
    var isUnderWay = false
    var isPumping = false

    /// No answer.
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

    /// Whether the answer takes more than one piece.
    var isLong: Bool { body.count > ConnectionLimits.piece }

    var isDone: Bool { start == nil && offset == body.count && !isUnderWay }

    /// The time from the beginning to the last piece that was written.
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

    /// Notes how many bytes have arrived on the connection in all; false if too few have since the last note.
    mutating func note(arrived bytes: UInt64) -> Bool {
        guard bytes >= arrived + UInt64(ConnectionLimits.leastSent) else { return false }
        arrived = bytes
        progress = .now()
        return true
    }

    /// Notes that the piece was written.
    mutating func left() {
        isUnderWay = false
        progress = .now()
    }
}
