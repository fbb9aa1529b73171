import CLIPEngine
import NIOCore

/// A body on its way in, and its place in the engine's budget.
///
/// Room is taken before bytes are: for all of a body that announces its length, in steps of twice as much for one that
/// does not.
struct BodyIntake {
    /// What has to happen before more can be taken.
    enum Demand: Equatable {
        case nothing
        /// Room for an array of so many bytes in all.
        case room(Int)
    }

    private(set) var bytes: [UInt8] = []
    private(set) var room: ByteReservation?
    /// Bytes so far, those passed over included.
    private(set) var received = 0
    let announced: Int?
    let limit: Int
    /// Whether nobody wants the bytes.
    let isPassedOver: Bool
    /// The array's size, which is what is reserved.
    private var capacity = 0

    /// Smallest array for a body of unknown length.
    private static let firstStep = 16 << 10

    init(announced: Int?, limit: Int, isPassedOver: Bool) {
        self.announced = announced
        self.limit = limit
        self.isPassedOver = isPassedOver
    }

    /// What it takes to accept so many bytes more.
    ///
    /// - Parameter most: what can ever be had at once, the array that is there included.
    func demand(for count: Int, most: Int) -> Demand {
        guard !isPassedOver, bytes.count + count > capacity else { return .nothing }
        if let announced { return .room(announced) }
        var size = max(Self.firstStep, 2 * capacity)
        while size < bytes.count + count { size *= 2 }
        // The last step may be a smaller one.
        return .room(min(size, limit, max(most - capacity, bytes.count + count)))
    }

    /// Moves into a larger array; until that is done both are there, and reserved.
    mutating func grow(to size: Int, with room: ByteReservation) {
        bytes.reserveCapacity(size)
        capacity = size
        self.room = room
    }

    mutating func append(_ buffer: ByteBuffer) {
        received += buffer.readableBytes
        guard !isPassedOver else { return }
        buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }

    /// Gives back what was reserved and not used.
    mutating func finish() {
        room?.shrink(to: bytes.count)
    }
}
