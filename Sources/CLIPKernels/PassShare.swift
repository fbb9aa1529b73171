internal import CSimd
internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A thread's part in a forward pass that several threads make together, each with a context of its own.
///
/// Everything in a transformer but attention treats rows alike. So each thread takes some of the rows through the whole
/// network, and they meet once in every block, when all keys and values are there. No operation is divided, no work is
/// handed around, and a thread never waits for one that has its rows ready.
public struct PassShare: Sendable {
    /// Which of the parts this is.
    public let index: Int
    /// How many parts there are.
    public let count: Int
    private let team: PassTeam?

    /// The whole pass, by one thread.
    public static let whole = PassShare(index: 0, count: 1, team: nil)

    fileprivate init(index: Int, count: Int, team: PassTeam?) {
        self.index = index
        self.count = count
        self.team = team
    }

    /// Whether one thread makes the pass alone.
    public var isWhole: Bool { team == nil }

    /// The part's rows of so many.
    public func rows(of total: Int) -> Range<Int> {
        total * index / count..<total * (index + 1) / count
    }

    /// The columns of every part, of `total` that are divided between multiples of `unit` only.
    public func columns(of total: Int, every unit: Int) -> [Range<Int>] {
        let units = total / unit
        return (0..<count).map { units * $0 / count * unit..<units * ($0 + 1) / count * unit }
    }

    /// Waits until all parts are here.
    public func meet() throws(KernelError) {
        try team?.meet()
    }

    /// Sends the other parts home, which wait or will wait for this one, since it cannot go on.
    public func abandon() {
        team?.abandon()
    }

    /// Memory that all parts see: (rows, width), the scratch of the first part, until its pass ends.
    ///
    /// All parts ask for the same matrices in the same order, and meet before they return from here.
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
        try team.meet()
        defer { team.looked() }
        return Matrix(bytes: team.shown, rows: rows, width: width, rowStride: width, format: format)
    }
}

/// The threads of one shared pass, which meet as often as they like.
public final class PassTeam: Sendable {
    private let count: Int
    private let arrived = Atomic(0)
    private let meetings = Atomic(0)
    private let isBroken = Atomic(false)
    private let address = Atomic(UInt(0))
    private let looks = Atomic(0)

    /// A team of so many threads.
    public init(count: Int) {
        precondition(count > 1, "A team has at least two threads.")
        self.count = count
    }

    /// The part of a member, counted from 0.
    public func share(_ index: Int) -> PassShare {
        precondition(index >= 0 && index < count, "There is no such member of the team.")
        return PassShare(index: index, count: count, team: self)
    }

    /// Sends all members home who wait or will.
    fileprivate func abandon() {
        isBroken.store(true, ordering: .releasing)
    }

    /// How often a waiting member looks before it lets others have the processor: some ten microseconds.
    private static let looksBeforeYielding = 1_000

    fileprivate func meet() throws(KernelError) {
        let meeting = meetings.load(ordering: .acquiring)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
            arrived.store(0, ordering: .relaxed)
            meetings.store(meeting + 1, ordering: .releasing)
            return
        }
        var looks = 0
        while meetings.load(ordering: .acquiring) == meeting {
            if isBroken.load(ordering: .acquiring) { throw .abandoned }
            looks += 1
            // Whoever is awaited may not be running, because something else has its processor.
            if looks < Self.looksBeforeYielding { csimd_pause() } else { sched_yield() }
        }
    }

    fileprivate var shown: UnsafeMutableRawPointer {
        guard let pointer = UnsafeMutableRawPointer(bitPattern: address.load(ordering: .acquiring)) else {
            preconditionFailure("Nothing was shown to the team.")
        }
        return pointer
    }

    /// The next matrix is shown only once everyone has looked at the one before.
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
