internal import DequeModule
internal import Synchronization

/// One account for all memory that strangers can make the process hold: bodies, fetched bytes, decoders, unread answers.
///
/// What does not fit waits in its turn. Later stages may use more of the account than earlier ones, so that what has come
/// in can always be decoded, and what was computed can always be written: nothing waits for a stage before its own.
/// Small amounts have a part of the account, and a queue, of their own, so that a caption never waits behind photographs.
public final class ByteBudget: Sendable {
    /// What memory is wanted for, from the first stage of a request to the last.
    public enum Purpose: Int, CaseIterable, Sendable {
        /// Fetched bytes, until they are decoded: hosts may send them as slowly as they like.
        case fetching
        /// Bodies, until they are answered.
        case input
        /// A decoder at work.
        case decoding
        /// Answers that wait to be read.
        case answers
    }

    private struct Waiter {
        let id: Int
        let bytes: Int
        let arrival: ContinuousClock.Instant
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        /// By purpose.
        var used = [Int](repeating: 0, count: Purpose.allCases.count)
        /// By purpose, those for small amounts first: see ``queue(of:_:)``.
        var queues = [Deque<Waiter>](repeating: [], count: 2 * Purpose.allCases.count)
        var nextID = 0
        var highest = 0

        /// What the stages up to this one hold.
        func used(upTo purpose: Purpose) -> Int { used[...purpose.rawValue].reduce(0, +) }
    }

    /// Bytes of the whole account.
    public let limit: Int
    private let state = Mutex(State())

    /// An account of so many bytes, at least one MiB.
    public init(limit: Int) {
        self.limit = max(limit, 1 << 20)
    }

    /// The bytes held now.
    public var used: Int { state.withLock { $0.used(upTo: .answers) } }

    /// The most that were ever held at once.
    public var highest: Int { state.withLock(\.highest) }

    /// The most that one reservation can be; more never fits, however long it waits.
    public func most(for purpose: Purpose) -> Int {
        cap(purpose) - limit / Self.smallShare
    }

    /// Takes bytes if they are free and nobody has waited long for such; nil otherwise.
    public func reserveNow(_ bytes: Int, for purpose: Purpose) -> ByteReservation? {
        let isTaken = state.withLock { state in
            let queue = state.queues[queue(of: bytes, purpose)]
            guard queue.isEmpty || !isImpatient(queue[0]), fits(bytes, purpose, state) else { return false }
            take(bytes, purpose, &state)
            return true
        }
        return isTaken ? ByteReservation(bytes, purpose, of: self) : nil
    }

    /// Takes bytes, as soon as they are free.
    ///
    /// - Throws: `tooLarge` at once for what never fits; `cancelled` when the task is.
    public func reserve(_ bytes: Int, for purpose: Purpose) async throws(ByteBudgetError) -> ByteReservation {
        guard bytes <= most(for: purpose) else { throw .tooLarge(bytes: bytes, most: most(for: purpose)) }
        if let reservation = reserveNow(bytes, for: purpose) { return reservation }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    state.queues[queue(of: bytes, purpose)].append(
                        Waiter(id: id, bytes: bytes, arrival: .now, continuation: continuation)
                    )
                    return false
                }
                // Something may have been given back in between.
                if isCancelled { continuation.resume(returning: false) } else { serve() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                let queue = queue(of: bytes, purpose)
                return state.queues[queue].firstIndex { $0.id == id }.map {
                    state.queues[queue].remove(at: $0)
                }
            }
            waiter?.continuation.resume(returning: false)
            // Whoever stood behind may fit where this one did not.
            if waiter != nil { serve() }
        }
        guard isTaken else { throw .cancelled }
        return ByteReservation(bytes, purpose, of: self)
    }

    fileprivate func giveBack(_ bytes: Int, _ purpose: Purpose) {
        guard bytes > 0 else { return }
        let isAwaited = state.withLock { state in
            state.used[purpose.rawValue] -= bytes
            return state.queues.contains { !$0.isEmpty }
        }
        if isAwaited { serve() }
    }

    /// Lets in whoever fits now: later stages first, small amounts before large ones, each in order of arrival.
    ///
    /// Others may pass one that does not fit yet, until it has waited for ``patience``.
    private func serve() {
        let admitted = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            var admitted: [CheckedContinuation<Bool, Never>] = []
            for purpose in Purpose.allCases.reversed() {
                for queue in [2 * purpose.rawValue, 2 * purpose.rawValue + 1] {
                    var place = 0
                    while place < state.queues[queue].count {
                        let waiter = state.queues[queue][place]
                        if fits(waiter.bytes, purpose, state) {
                            state.queues[queue].remove(at: place)
                            take(waiter.bytes, purpose, &state)
                            admitted.append(waiter.continuation)
                        } else if isImpatient(waiter) {
                            break
                        } else {
                            place += 1
                        }
                    }
                }
            }
            return admitted
        }
        for continuation in admitted { continuation.resume(returning: true) }
    }

    private func isImpatient(_ waiter: Waiter) -> Bool { waiter.arrival + Self.patience <= .now }

    private func queue(of bytes: Int, _ purpose: Purpose) -> Int {
        2 * purpose.rawValue + (isSmall(bytes) ? 0 : 1)
    }

    private func take(_ bytes: Int, _ purpose: Purpose, _ state: inout State) {
        state.used[purpose.rawValue] += bytes
        state.highest = max(state.highest, state.used(upTo: .answers))
    }

    private func fits(_ bytes: Int, _ purpose: Purpose, _ state: State) -> Bool {
        let most = isSmall(bytes) ? cap(purpose) : most(for: purpose)
        return state.used(upTo: purpose) + bytes <= most && state.used(upTo: .answers) + bytes <= limit
    }

    /// The most that stages up to this one may hold together.
    private func cap(_ purpose: Purpose) -> Int {
        switch purpose {
        case .fetching: limit / 8 * 3
        case .input: limit / 8 * 5
        case .decoding: limit / 8 * 7
        case .answers: limit
        }
    }

    private func isSmall(_ bytes: Int) -> Bool { bytes <= limit / Self.smallest }

    /// How long others may pass one that waits for more than there is.
    private static let patience = Duration.seconds(2)
    /// The part of the account that only small amounts may use.
    private static let smallShare = 16
    /// What is small: a 256th of the account.
    private static let smallest = 256
}

/// Bytes taken from a ``ByteBudget``; they go back when this is released, or when ``release()`` is called.
public final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let purpose: ByteBudget.Purpose
    private let bytes: Mutex<Int>

    fileprivate init(_ bytes: Int, _ purpose: ByteBudget.Purpose, of budget: ByteBudget) {
        self.budget = budget
        self.purpose = purpose
        self.bytes = Mutex(bytes)
    }

    deinit {
        release()
    }

    /// How many bytes are held.
    public var byteCount: Int { bytes.withLock { $0 } }

    /// Gives back what is more than `count`.
    public func shrink(to count: Int) {
        let surplus = bytes.withLock { bytes in
            let surplus = max(0, bytes - max(0, count))
            bytes -= surplus
            return surplus
        }
        budget.giveBack(surplus, purpose)
    }

    /// Gives all back.
    public func release() {
        shrink(to: 0)
    }
}

/// Why bytes were not reserved.
public enum ByteBudgetError: Error, Equatable, Sendable {
    /// More than the account ever has for that purpose.
    case tooLarge(bytes: Int, most: Int)
    /// The task that asked was cancelled.
    case cancelled
}
