internal import CSimd
internal import Dispatch
internal import Synchronization

/// A thread's part in a forward pass that several threads make together, each with a context of its own.
///
/// The network decides what a part is, by rows or by columns. This type lets the threads meet and share memory. No work
/// is handed around: each thread knows its part from the beginning.
public struct PassShare: Sendable {
    /// The number of this part, from 0.
    public let index: Int
    /// The number of parts.
    public let count: Int
    private let team: PassTeam?

    /// The whole pass, made by one thread.
    public static let whole = PassShare(index: 0, count: 1, team: nil)

    fileprivate init(index: Int, count: Int, team: PassTeam?) {
        self.index = index
        self.count = count
        self.team = team
    }

    /// Whether one thread makes the pass alone.
    public var isWhole: Bool { team == nil }

    /// This part's rows, of `total` rows.
    public func rows(of total: Int) -> Range<Int> {
        total * index / count..<total * (index + 1) / count
    }

    /// The columns of every part, of `total` columns that may be divided only at multiples of `unit`.
    public func columns(of total: Int, every unit: Int) -> [Range<Int>] {
        let units = total / unit
        return (0..<count).map { units * $0 / count * unit..<units * ($0 + 1) / count * unit }
    }

    /// Waits until all parts have come to this point.
    public func meet() throws(KernelError) {
        try team?.meet(index)
    }

    /// Releases the other parts, which wait or will wait for this one, because it cannot go on.
    public func abandon() {
        team?.abandon()
    }

    /// Memory that all parts see, (rows, width), from the scratch of the first part, until its pass ends.
    ///
    /// All parts ask for the same matrices in the same order, and meet before this returns.
    public func matrix(
        rows: Int,
        width: Int,
        format: NumberFormat = .f32,
        in context: ComputeContext
    ) throws(KernelError) -> Matrix {
        guard let team else { return try context.scratch.matrix(rows: rows, width: width, format: format) }
        if index == 0 {
            let mine = try context.scratch.matrix(rows: rows, width: width, format: format)
            team.show(mine.bytes)
        }
        try team.meet(index)
        defer { team.looked() }
        return Matrix(memory: team.shown, rows: rows, width: width, format: format)
    }
}

/// The threads of one shared pass, which may meet any number of times.
public final class PassTeam: Sendable {
    private let count: Int
    private let arrived = Atomic(0)
    private let meetings = Atomic(0)
    private let isBroken = Atomic(false)
    private let address = Atomic(UInt(0))
    private let looks = Atomic(0)
    private let members: Mutex<Members>
    /// One semaphore for each member.
    ///
    /// With one for all, a member that waits for the next meeting could be woken instead of a member that is still
    /// asleep since this one.
    private let alarms: [DispatchSemaphore]

    private struct Members {
        /// The last meeting to which each member came, and the processor on which it ran then.
        var arrivals: [(meeting: Int, processor: Int32)?]
        var sleepers: [Int] = []
    }

    /// Makes a team of `count` threads.
    public init(count: Int) {
        precondition(count > 1, "A team has at least two threads.")
        self.count = count
        members = Mutex(Members(arrivals: Array(repeating: nil, count: count)))
        alarms = (0..<count).map { _ in DispatchSemaphore(value: 0) }
    }

    /// The part of one member, counted from 0.
    public func share(_ index: Int) -> PassShare {
        precondition(index >= 0 && index < count, "There is no such member of the team.")
        return PassShare(index: index, count: count, team: self)
    }

    /// Releases all members who wait or will wait.
    fileprivate func abandon() {
        isBroken.store(true, ordering: .releasing)
        wakeSleepers()
    }

    /// How often a waiting member looks before it checks whether it blocks the one it waits for.
    ///
    /// This takes a few hundred microseconds, long enough for any woken thread to have begun.
    private static let looksBeforeMoving = 8_000
    /// How often a waiting member looks before it sleeps.
    private static let looksBeforeSleeping = 16_000

    fileprivate func meet(_ member: Int) throws(KernelError) {
        let meeting = meetings.load(ordering: .acquiring)
        let processor = csimd_current_processor()
        members.withLock { $0.arrivals[member] = (meeting, processor) }
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
            arrived.store(0, ordering: .relaxed)
            meetings.store(meeting + 1, ordering: .releasing)
            return wakeSleepers()
        }
        var looks = 0
        while meetings.load(ordering: .acquiring) == meeting {
            if isBroken.load(ordering: .acquiring) { throw .abandoned }
            looks += 1
            if looks == Self.looksBeforeMoving { makeRoom(for: meeting, on: processor) }
            if looks < Self.looksBeforeSleeping { csimd_pause() } else { sleep(member, until: meeting) }
        }
    }

    /// Moves to another processor if a missing member was last seen on this one, or nowhere yet.
    ///
    /// Linux may wake two members on one processor and leave them there, since neither waits long enough to be moved:
    /// on two processors every fifth single image took as long as on one.
    private func makeRoom(for meeting: Int, on processor: Int32) {
        guard processor >= 0 else { return }
        let isInTheWay = members.withLock { members in
            members.arrivals.contains { arrival in
                guard let arrival else { return true }
                return arrival.meeting < meeting && arrival.processor == processor
            }
        }
        if isInTheWay { csimd_leave_processor(processor) }
    }

    /// Sleeps until the meeting has taken place or will not.
    private func sleep(_ member: Int, until meeting: Int) {
        let isOver = members.withLock { members in
            // Whoever ends the wait records that before it looks for sleepers.
            let isOver =
                meetings.load(ordering: .acquiring) != meeting || isBroken.load(ordering: .acquiring)
            if !isOver { members.sleepers.append(member) }
            return isOver
        }
        if !isOver { alarms[member].wait() }
    }

    private func wakeSleepers() {
        members.withLock { members in
            for member in members.sleepers { alarms[member].signal() }
            members.sleepers.removeAll(keepingCapacity: true)
        }
    }

    fileprivate var shown: UnsafeMutableRawPointer {
        guard let pointer = UnsafeMutableRawPointer(bitPattern: address.load(ordering: .acquiring)) else {
            preconditionFailure("Nothing was shown to the team.")
        }
        return pointer
    }

    /// The next pointer is shown only after every member has read the one before.
    fileprivate func show(_ pointer: UnsafeMutableRawPointer) {
        while looks.load(ordering: .acquiring) % count != 0, !isBroken.load(ordering: .acquiring) {
            csimd_pause()
        }
        address.store(UInt(bitPattern: pointer), ordering: .releasing)
    }

    fileprivate func looked() {
        looks.add(1, ordering: .acquiringAndReleasing)
    }
}
