import CCurl

/// Runs all transfers of a fetcher, on the thread that calls ``run()``.
///
/// A fetch waits, runs, and is answered once; after a redirect to another host it may wait again. There is one more
/// state, because a name look-up cannot be stopped: a transfer that is cancelled during its look-up has its answer, but
/// keeps its place until the look-up ends or its time is up. So callers cannot start any number of look-ups by
/// cancelling.
final class TransferLoop {
    private let mailbox: FetchMailbox
    private let options: TransferOptions
    /// The TLS sessions, which make the next handshake with a host short.
    private let sessions: UnsafeMutableRawPointer?
    private var waiting: [WaitingFetch] = []  // in the order in which they came
    private var places: FetchPlaces
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]  // by libcurl handle
    /// The transfers whose bodies are being decoded, in turn; they keep their places.
    private var unpacking: [Transfer] = []

    init(mailbox: FetchMailbox, options: TransferOptions) {
        self.mailbox = mailbox
        self.options = options
        sessions = clip_curl_new_sessions()
        places = FetchPlaces(options.configuration)
    }

    /// Makes a multi handle, after checking that libcurl knows every option that safety needs.
    static func makeMulti(options: TransferOptions) throws(FetchingError) -> sending UnsafeMutableRawPointer {
        guard clip_curl_start() else { throw .transportUnavailable }
        curl_easy_cleanup(try Transfer.makeHandle(options: options, sessions: nil))
        guard let multi = curl_multi_init() else { throw .transportUnavailable }
        // Waking is tested too, since libcurl continues without it if the process has no descriptors left.
        guard curl_multi_wakeup(multi) == CURLM_OK else {
            free(multi)
            throw .transportUnavailable
        }
        return multi
    }

    /// Frees a multi handle.
    static func free(_ multi: UnsafeMutableRawPointer) {
        curl_multi_cleanup(multi)
    }

    /// Works until the mailbox is closed, then answers whatever is left.
    func run() {
        var reason = FetchingError.shutDown
        while true {
            let post = mailbox.take()
            waiting += post.orders.map(WaitingFetch.order)
            if post.isClosed { break }
            for id in post.cancelled { cancel(id) }
            var count: Int32 = 0
            guard curl_multi_perform(mailbox.multi, &count) == CURLM_OK else {
                reason = .transportUnavailable
                break
            }
            finishDone()
            lookAfterRunning()
            unpackSome()
            expireWaiting()
            startWaiting()
            boundWaiting()
            guard curl_multi_poll(mailbox.multi, nil, 0, pollLimit, nil) == CURLM_OK else {
                reason = .transportUnavailable
                break
            }
        }
        mailbox.close()
        waiting += mailbox.take().orders.map(WaitingFetch.order)
        for fetch in waiting { fetch.answer(.failure(reason)) }
        waiting = []
        for transfer in running.values {
            transfer.answer(.failure(reason))
            curl_multi_remove_handle(mailbox.multi, transfer.easy)
        }
        running = [:]
        for transfer in unpacking { transfer.answer(.failure(reason)) }
        unpacking = []
        Self.free(mailbox.multi)
        curl_share_cleanup(sessions)
    }

    /// How long to sleep if nothing happens, in milliseconds, until something here has to be checked.
    ///
    /// libcurl itself wakes for the time limits of running transfers, and the mailbox wakes for news.
    private var pollLimit: Int32 {
        if unpacking.contains(where: \.canUnpack) { return 0 }
        if !unpacking.isEmpty || running.values.contains(where: \.waitsForRoom) { return Self.roomInterval }
        let next = waiting.lazy.map(\.deadline).min()
            .map { ContinuousClock.now.duration(to: $0).wholeMilliseconds }
        return Int32(clamping: min(running.isEmpty ? 60_000 : Self.speedInterval, next ?? .max))
    }

    /// The milliseconds between two requests for room.
    private static let roomInterval: Int32 = 20
    /// The milliseconds between two checks of the transfers' speed.
    private static let speedInterval = 250

    // MARK: - Fetches that wait

    /// Starts the fetches that have a place, the oldest first; one whose host or client has no place is passed over.
    private func startWaiting() {
        var index = 0
        while index < waiting.count, !places.isFull {
            let claim = waiting[index].claim
            guard places.hasPlace(for: claim) else {
                index += 1
                continue
            }
            let fetch = waiting.remove(at: index)
            do throws(FetchingError) {
                let transfer = try fetch.transfer(options: options, sessions: sessions)
                try transfer.prepare(for: claim)
                guard curl_multi_add_handle(mailbox.multi, transfer.easy) == CURLM_OK else {
                    throw .transportUnavailable
                }
                running[transfer.easy] = transfer
                places.enter(claim)
            } catch {
                fetch.answer(.failure(error))
            }
        }
    }

    private func expireWaiting() {
        let now = ContinuousClock.now
        removeWaiting(as: .timedOut) { $0.deadline <= now }
    }

    /// Refuses the newest of the waiting fetches that are too many, in all or of one client.
    private func boundWaiting() {
        let limit = options.configuration.maxWaitingFetches
        guard waiting.count > limit / 2 else { return }
        var count = 0
        var countByClient: [String: Int] = [:]
        removeWaiting(as: .tooManyWaiting(limit: limit)) { fetch in
            // A fetch that has begun is not refused.
            guard case .order(let order) = fetch else { return false }
            let ofClient = order.client.map { countByClient[$0, default: 0] } ?? 0
            guard count < limit, order.client == nil || ofClient < (limit + 1) / 2 else { return true }
            count += 1
            if let client = order.client { countByClient[client] = ofClient + 1 }
            return false
        }
    }

    private func removeWaiting(as error: FetchingError, where isOver: (WaitingFetch) -> Bool) {
        guard !waiting.isEmpty else { return }
        var kept: [WaitingFetch] = []
        kept.reserveCapacity(waiting.count)
        for fetch in waiting {
            if isOver(fetch) { fetch.answer(.failure(error)) } else { kept.append(fetch) }
        }
        waiting = kept
    }

    private func cancel(_ id: UInt64) {
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            waiting.remove(at: index).answer(.failure(.cancelled))
        } else if let transfer = running.values.first(where: { $0.orderID == id }) {
            transfer.answer(.failure(.cancelled))
            if clip_curl_has_looked_up_name(transfer.easy) { drop(transfer) }
        } else if let index = unpacking.firstIndex(where: { $0.orderID == id }) {
            end(unpacking.remove(at: index), with: .failure(.cancelled))
        }
    }

    // MARK: - Transfers that run

    private func drop(_ transfer: Transfer) {
        stop(transfer)
        if let claim = transfer.claim { places.leave(claim) }
    }

    private func stop(_ transfer: Transfer) {
        curl_multi_remove_handle(mailbox.multi, transfer.easy)
        running[transfer.easy] = nil
    }

    private func finishDone() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(mailbox.multi, &left)?.pointee {
            guard message.msg == CURLMSG_DONE, let easy = message.easy_handle, let transfer = running[easy]
            else {
                continue
            }
            finish(transfer, code: message.data.result)
        }
    }

    private func finish(_ transfer: Transfer, code: CURLcode) {
        switch transfer.outcome(of: code) {
        case .answer(let result):
            drop(transfer)
            transfer.answer(result)
        case .packed:
            stop(transfer)
            unpacking.append(transfer)
        case .redirect(let target):
            drop(transfer)
            do throws(FetchingError) {
                try transfer.follow(target)
                // It has already waited its turn, so it comes before those that have not.
                let index = waiting.firstIndex { $0.id > transfer.orderID ?? 0 } ?? waiting.endIndex
                waiting.insert(.redirect(transfer), at: index)
            } catch {
                transfer.answer(.failure(error))
            }
        }
    }

    /// Gives room to the transfers that wait for it, and ends those that are too slow.
    private func lookAfterRunning() {
        let now = ContinuousClock.now
        for transfer in running.values {
            if transfer.waitsForRoom {
                if let code = transfer.resume(), code != CURLE_OK { finish(transfer, code: code) }
            } else if let error = transfer.complaint(at: now) {
                transfer.answer(.failure(error))
                drop(transfer)
            }
        }
    }

    // MARK: - Bodies that are complete

    /// Decodes a little of one body; the others have their turn after the running transfers.
    private func unpackSome() {
        let now = ContinuousClock.now
        for _ in unpacking.indices {
            let transfer = unpacking.removeFirst()
            if let result = transfer.unpack(at: now) {
                end(transfer, with: result)
                return
            }
            unpacking.append(transfer)
            if transfer.canUnpack { return }
        }
    }

    /// Answers a transfer whose connection is already closed.
    private func end(_ transfer: Transfer, with result: Result<FetchedImage, FetchingError>) {
        transfer.answer(result)
        if let claim = transfer.claim { places.leave(claim) }
    }
}

/// A fetch that waits for a place.
private enum WaitingFetch {
    case order(FetchOrder)
    /// A fetch that has begun and was redirected to another host.
    case redirect(Transfer)

    var id: UInt64 {
        switch self {
        case .order(let order): order.id
        case .redirect(let transfer): transfer.orderID ?? 0
        }
    }

    var deadline: ContinuousClock.Instant {
        switch self {
        case .order(let order): order.deadline
        case .redirect(let transfer): transfer.deadline
        }
    }

    var claim: FetchPlaces.Claim {
        switch self {
        case .order(let order): FetchPlaces.Claim(host: order.url.host, client: order.client)
        case .redirect(let transfer): FetchPlaces.Claim(host: transfer.host, client: transfer.client)
        }
    }

    func transfer(
        options: TransferOptions,
        sessions: UnsafeMutableRawPointer?
    ) throws(FetchingError) -> Transfer {
        switch self {
        case .order(let order): try Transfer(order, options: options, sessions: sessions)
        case .redirect(let transfer): transfer
        }
    }

    func answer(_ result: Result<FetchedImage, FetchingError>) {
        switch self {
        case .order(let order): order.continuation.resume(returning: result)
        case .redirect(let transfer): transfer.answer(result)
        }
    }
}

extension Duration {
    /// The milliseconds, rounded up; 0 if negative.
    var wholeMilliseconds: Int {
        let attosecondsInMillisecond: Int64 = 1_000_000_000_000_000
        let (seconds, attoseconds) = components
        return max(
            0,
            Int(seconds) * 1000 + Int((attoseconds + attosecondsInMillisecond - 1) / attosecondsInMillisecond)
        )
    }
}
