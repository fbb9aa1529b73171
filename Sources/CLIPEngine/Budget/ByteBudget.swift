internal import DequeModule
internal import Synchronization

/// One account for all memory that clients can make the process hold: bodies, fetched bytes, decoders, unread answers.
///
/// Requests for bytes that do not fit wait in their turn. Later stages may use more of the account than earlier ones,
/// so that some of the received bodies can always be decoded, and some of the computed answers always be written. A
/// large amount may have to wait for earlier stages, whose holders could be waiting for the same bytes; it holds up no
/// other, and gives up after a while. Small amounts have a part of the account, and a queue, of their own, so a caption
/// never waits behind photographs. For each purpose, no client holds more than three times what it leaves free for
/// others, except a single amount.
package final class ByteBudget: Sendable {
    /// What memory is wanted for, from the first stage of a request to the last.
    package enum Purpose: Int, CaseIterable, Sendable {
        /// Fetched bytes, until they are decoded: hosts may send them as slowly as they like.
        case fetching
        /// Bodies, until they are answered.
        case input
        /// A decoder at work.
        case decoding
        /// Answers that wait to be read.
        case answers
    }

    /// How a wait ends.
    private enum Verdict: Sendable { case taken, cancelled, noRoom }

    private struct Waiter {
        let id: Int
        let bytes: Int
        let client: String?
        /// The bytes that the waiting request holds already.
        let held: Int
        let arrival: ContinuousClock.Instant
        let continuation: CheckedContinuation<Verdict, Never>
    }

    private struct State {
        /// Bytes in use, by purpose.
        var used = [Int](repeating: 0, count: Purpose.allCases.count)
        /// The waiting requests, by purpose, in a queue for small amounts and one for the others: see ``queue(of:_:)``.
        var queues = [Deque<Waiter>](repeating: [], count: 2 * Purpose.allCases.count)
        var nextID = 0
        var highest = 0
        /// Bytes that each client holds, by purpose.
        var shares = [[String: Int]](repeating: [:], count: Purpose.allCases.count)

        /// Bytes that the stages up to this one hold.
        func used(upTo purpose: Purpose) -> Int { used[...purpose.rawValue].reduce(0, +) }

        /// Bytes that the stages before this one hold.
        func used(before purpose: Purpose) -> Int { used[..<purpose.rawValue].reduce(0, +) }
    }

    /// Bytes of the whole account.
    package let limit: Int
    /// How long a request waits for holders that might wait for it.
    private let longestWait: Duration
    private let state = Mutex(State())

    /// An account of this many bytes, at least one MiB.
    ///
    /// - Parameter longestWait: how long a request waits for bytes whose holders may be waiting themselves.
    package init(limit: Int, longestWait: Duration = .seconds(15)) {
        self.limit = max(limit, 1 << 20)
        self.longestWait = longestWait
    }

    /// The bytes held now.
    package var used: Int { state.withLock { $0.used(upTo: .answers) } }

    /// The bytes held now, by purpose.
    public var usedByPurpose: [Purpose: Int] {
        let used = state.withLock(\.used)
        return Dictionary(uniqueKeysWithValues: Purpose.allCases.map { ($0, used[$0.rawValue]) })
    }

    /// The most bytes ever held at once.
    package var highest: Int { state.withLock(\.highest) }

    /// The largest single reservation; a larger one would never fit.
    package func most(for purpose: Purpose) -> Int {
        cap(purpose) - limit / Self.smallShare
    }

    /// Reserves bytes if they are free and no other request has waited long for such bytes; nil otherwise.
    ///
    /// - Parameters:
    ///   - held: bytes that the caller holds already, and keeps.
    ///   - client: the client that they are for; nil if unknown, and then without a limit of its own.
    package func reserveNow(
        _ bytes: Int,
        for purpose: Purpose,
        beside held: Int = 0,
        client: String? = nil
    ) -> ByteReservation? {
        let isTaken = state.withLock { state in
            let isHeldUp = state.queues[queue(of: bytes + held, purpose)].contains {
                holdsUp($0, purpose, state)
            }
            guard !isHeldUp, fits(bytes, beside: held, purpose, state),
                leavesEnough(bytes, beside: held, purpose, client, state)
            else {
                return false
            }
            take(bytes, purpose, client, &state)
            return true
        }
        return isTaken ? ByteReservation(bytes, purpose, client, of: self) : nil
    }

    /// Reserves bytes as soon as they are free.
    ///
    /// - Parameters:
    ///   - held: bytes that the caller holds already, and keeps while it waits.
    ///   - client: the client that they are for; nil if unknown, and then without a limit of its own.
    ///   - isHindrance: whether the wait keeps other work of the same request from giving bytes back; if so, the wait
    ///     ends soon.
    /// - Throws: `tooLarge` at once if the bytes can never fit beside those held; `noRoom` if others did not give
    ///   enough back in time; `cancelled` if the task is.
    package func reserve(
        _ bytes: Int,
        for purpose: Purpose,
        beside held: Int = 0,
        client: String? = nil,
        isHindrance: @escaping @Sendable () -> Bool = { false }
    ) async throws(ByteBudgetError) -> ByteReservation {
        guard bytes + held <= most(for: purpose) else {
            throw .tooLarge(bytes: bytes + held, most: most(for: purpose))
        }
        if let reservation = reserveNow(bytes, for: purpose, beside: held, client: client) {
            return reservation
        }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let queue = queue(of: bytes + held, purpose)
        let clock = Task { [weak self] in
            // The pauses differ, so that not all give up at once: what one gives back may be enough for another.
            let pause = Self.patience * Double.random(in: 0.5...1)
            while true {
                guard (try? await Task.sleep(for: pause)) != nil else { return }
                guard let self else { return }
                let isHopeless = isHindrance() || self.isHopeless(id, bytes, purpose, queue, beside: held)
                if isHopeless, self.forget(id, queue, .noRoom) { return }
            }
        }
        defer { clock.cancel() }
        let verdict = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    state.queues[queue].append(
                        Waiter(
                            id: id,
                            bytes: bytes,
                            client: client,
                            held: held,
                            arrival: .now,
                            continuation: continuation
                        )
                    )
                    return false
                }
                // Bytes may have been given back in between.
                if isCancelled { continuation.resume(returning: .cancelled) } else { serve() }
            }
        } onCancel: {
            forget(id, queue, .cancelled)
        }
        switch verdict {
        case .taken: return ByteReservation(bytes, purpose, client, of: self)
        case .cancelled: throw .cancelled
        case .noRoom: throw .noRoom
        }
    }

    /// Whether a wait may never end by itself.
    ///
    /// A body of which little has arrived keeps no other waiting. An answer that waits only for holders of later stages
    /// will get its turn, because those need nothing more. Of several requests that may be waiting for each other, only
    /// the leader goes on for long.
    private func isHopeless(
        _ id: Int,
        _ bytes: Int,
        _ purpose: Purpose,
        _ queue: Int,
        beside held: Int
    ) -> Bool {
        state.withLock { state in
            guard purpose != .input || !isSmall(held),
                let waiter = state.queues[queue].first(where: { $0.id == id })
            else { return false }
            let leader = Self.leader(of: state.queues[queue])
            guard leader?.id != id else { return false }
            let isOnItsWay = state.used(before: purpose) + bytes <= most(for: purpose)
            if leader != nil, purpose == .input || !isOnItsWay { return true }
            return (purpose != .answers || !isOnItsWay) && waiter.arrival + longestWait <= .now
        }
    }

    /// Of several requests that hold bytes and wait for more, the leader is the one that holds most: it is finished
    /// soonest and gives most back.
    private static func leader(of queue: Deque<Waiter>) -> Waiter? {
        guard queue.count > 1, let leader = queue.max(by: { $0.held < $1.held }), leader.held > 0 else {
            return nil
        }
        return leader
    }

    /// Ends a wait; false if it has ended already.
    @discardableResult
    private func forget(_ id: Int, _ queue: Int, _ verdict: Verdict) -> Bool {
        let waiter = state.withLock { state in
            state.queues[queue].firstIndex { $0.id == id }.map { state.queues[queue].remove(at: $0) }
        }
        guard let waiter else { return false }
        waiter.continuation.resume(returning: verdict)
        // The requests behind it may fit now.
        serve()
        return true
    }

    func giveBack(_ bytes: Int, _ purpose: Purpose, _ client: String?) {
        guard bytes > 0 else { return }
        let isAwaited = state.withLock { state in
            state.used[purpose.rawValue] -= bytes
            if let client, let share = state.shares[purpose.rawValue][client] {
                state.shares[purpose.rawValue][client] = share > bytes ? share - bytes : nil
            }
            return state.queues.contains { !$0.isEmpty }
        }
        if isAwaited { serve() }
    }

    /// Serves the waiting requests that fit now: later stages first, small amounts before large ones, each queue in
    /// order of arrival.
    ///
    /// Others may pass a request that does not fit yet, until it holds them up. Of the requests that hold bytes
    /// already, only the one that holds most gets more.
    private func serve() {
        let admitted = state.withLock { state -> [CheckedContinuation<Verdict, Never>] in
            var admitted: [CheckedContinuation<Verdict, Never>] = []
            for purpose in Purpose.allCases.reversed() {
                for queue in [2 * purpose.rawValue, 2 * purpose.rawValue + 1] {
                    serve(queue, purpose, &state, &admitted)
                }
            }
            return admitted
        }
        for continuation in admitted { continuation.resume(returning: .taken) }
    }

    private func serve(
        _ queue: Int,
        _ purpose: Purpose,
        _ state: inout State,
        _ admitted: inout [CheckedContinuation<Verdict, Never>]
    ) {
        var place = 0
        var leader = Self.leader(of: state.queues[queue])
        while place < state.queues[queue].count {
            let waiter = state.queues[queue][place]
            let mayPass = waiter.held == 0 || leader == nil || leader?.id == waiter.id
            if mayPass, leavesEnough(waiter.bytes, beside: waiter.held, purpose, waiter.client, state),
                fits(waiter.bytes, beside: waiter.held, purpose, state)
            {
                state.queues[queue].remove(at: place)
                take(waiter.bytes, purpose, waiter.client, &state)
                admitted.append(waiter.continuation)
                if leader?.id == waiter.id {
                    leader = Self.leader(of: state.queues[queue])
                    place = 0
                }
            } else if holdsUp(waiter, purpose, state) {
                return
            } else {
                place += 1
            }
        }
    }

    /// Whether a waiting request holds up those behind it: it has waited long, and will fit once the holders of its own
    /// and later stages, which do not depend on it, are finished.
    private func holdsUp(_ waiter: Waiter, _ purpose: Purpose, _ state: State) -> Bool {
        waiter.arrival + Self.patience <= .now
            && state.used(before: purpose) + waiter.bytes <= most(for: purpose)
            && leavesEnough(waiter.bytes, beside: waiter.held, purpose, waiter.client, state)
    }

    /// Whether a client would still leave a third of its share free for others, or holds nothing else.
    private func leavesEnough(
        _ bytes: Int,
        beside held: Int,
        _ purpose: Purpose,
        _ client: String?,
        _ state: State
    ) -> Bool {
        guard bytes + held > Self.negligible, let client, let share = state.shares[purpose.rawValue][client]
        else { return true }
        // A body that grows is a single amount.
        let others = purpose == .input ? share - held : share
        return others <= 0 || share + bytes <= 3 * (most(for: purpose) - state.used(upTo: purpose))
    }

    private func queue(of bytes: Int, _ purpose: Purpose) -> Int {
        2 * purpose.rawValue + (isSmall(bytes) ? 0 : 1)
    }

    private func take(_ bytes: Int, _ purpose: Purpose, _ client: String?, _ state: inout State) {
        state.used[purpose.rawValue] += bytes
        if let client { state.shares[purpose.rawValue][client, default: 0] += bytes }
        state.highest = max(state.highest, state.used(upTo: .answers))
    }

    private func fits(_ bytes: Int, beside held: Int, _ purpose: Purpose, _ state: State) -> Bool {
        let most = isSmall(bytes + held) ? cap(purpose) : most(for: purpose)
        return state.used(upTo: purpose) + bytes <= most && state.used(upTo: .answers) + bytes <= limit
    }

    /// The largest number of bytes that the stages up to this one may hold together.
    private func cap(_ purpose: Purpose) -> Int {
        switch purpose {
        case .fetching: limit / 8 * 3
        case .input: limit / 8 * 5
        case .decoding: limit / 8 * 7
        case .answers: limit
        }
    }

    private func isSmall(_ bytes: Int) -> Bool { bytes <= limit / Self.smallest }

    /// How long others may pass a waiting request that does not fit.
    private static let patience = Duration.seconds(2)
    /// The part of the account that only small amounts may use.
    private static let smallShare = 16
    /// Amounts up to this size, such as a caption, are not checked against a client's share: behind a proxy all clients
    /// may look like one.
    private static let negligible = 1 << 16
    /// Amounts up to a 256th of the account are small.
    private static let smallest = 256
}
