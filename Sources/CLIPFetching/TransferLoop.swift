import CCurl

/// Runs all transfers of a fetcher, on the thread that calls ``run()``.
///
/// A fetch waits, runs, and is answered once. One more state exists because a name look-up cannot be stopped:
/// a cancelled transfer that is still in it has its answer but keeps its place until the look-up ends or its
/// time is up, so that cancelling does not let callers start look-ups without bound.
final class TransferLoop {
    private let mailbox: FetchMailbox
    private let options: TransferOptions
    private var waiting: [FetchOrder] = []  // oldest first, so soonest to expire first
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]  // by libcurl handle

    init(mailbox: FetchMailbox, options: TransferOptions) {
        self.mailbox = mailbox
        self.options = options
    }

    /// A new multi handle, once libcurl has proved that it knows every option that safety stands on.
    static func makeMulti(options: TransferOptions) throws(FetchingError) -> sending UnsafeMutableRawPointer {
        guard isCurlReady else { throw .transportUnavailable }
        _ = try Transfer(options: options)
        guard let multi = curl_multi_init() else { throw .transportUnavailable }
        // Connections kept for another fetch of the same host: no more than can be in use.
        let kept = options.configuration.maxConcurrentFetches
        // Waking is tried too: where the process has no descriptors left for it, libcurl carries on without.
        guard clip_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, kept) == CURLM_OK,
            curl_multi_wakeup(multi) == CURLM_OK
        else {
            free(multi)
            throw .transportUnavailable
        }
        return multi
    }

    /// Frees the handle and closes the connections that it kept.
    static func free(_ multi: UnsafeMutableRawPointer) {
        curl_multi_cleanup(multi)
    }

    /// Works until the mailbox is closed, then answers whatever is left.
    func run() {
        var reason = FetchingError.shutDown
        while true {
            let post = mailbox.take()
            waiting += post.orders
            if post.isClosed { break }
            for id in post.cancelled { cancel(id) }
            var count: Int32 = 0
            guard curl_multi_perform(mailbox.multi, &count) == CURLM_OK else {
                reason = .transportUnavailable
                break
            }
            finishDone()
            expireWaiting()
            startWaiting()
            guard curl_multi_poll(mailbox.multi, nil, 0, pollLimit, nil) == CURLM_OK else {
                reason = .transportUnavailable
                break
            }
        }
        mailbox.close()
        waiting += mailbox.take().orders
        for order in waiting { order.continuation.resume(returning: .failure(reason)) }
        for transfer in running.values {
            transfer.answer(.failure(reason))
            curl_multi_remove_handle(mailbox.multi, transfer.easy)
        }
        running = [:]
        Self.free(mailbox.multi)
    }

    /// How long to sleep, in milliseconds, when nothing happens: until the oldest waiting fetch expires.
    ///
    /// libcurl itself wakes for the limits of those that run, and the mailbox for news.
    private var pollLimit: Int32 {
        guard let next = waiting.first else { return 60_000 }
        return Int32(clamping: min(60_000, ContinuousClock.now.duration(to: next.deadline).wholeMilliseconds))
    }

    private func startWaiting() {
        while running.count < options.configuration.maxConcurrentFetches, !waiting.isEmpty {
            let order = waiting.removeFirst()
            do throws(FetchingError) {
                let transfer = try Transfer(options: options)
                try transfer.begin(order)
                try add(transfer)
            } catch {
                order.continuation.resume(returning: .failure(error))
            }
        }
    }

    private func add(_ transfer: Transfer) throws(FetchingError) {
        guard curl_multi_add_handle(mailbox.multi, transfer.easy) == CURLM_OK else {
            throw .transportUnavailable
        }
        running[transfer.easy] = transfer
    }

    private func drop(_ transfer: Transfer) {
        curl_multi_remove_handle(mailbox.multi, transfer.easy)
        running[transfer.easy] = nil
    }

    private func expireWaiting() {
        let now = ContinuousClock.now
        while let order = waiting.first, order.deadline <= now {
            waiting.removeFirst()
            order.continuation.resume(returning: .failure(.timedOut))
        }
    }

    private func cancel(_ id: UInt64) {
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            waiting.remove(at: index).continuation.resume(returning: .failure(.cancelled))
        } else if let transfer = running.values.first(where: { $0.orderID == id }) {
            transfer.answer(.failure(.cancelled))
            if clip_curl_has_looked_up_name(transfer.easy) { drop(transfer) }
        }
    }

    private func finishDone() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(mailbox.multi, &left)?.pointee {
            guard message.msg == CURLMSG_DONE, let easy = message.easy_handle, let transfer = running[easy]
            else {
                continue
            }
            let outcome = transfer.outcome(of: message.data.result)
            drop(transfer)
            switch outcome {
            case .answer(let result):
                transfer.answer(result)
            case .redirect(let target):
                do throws(FetchingError) {
                    try transfer.follow(target)
                    try add(transfer)
                } catch {
                    transfer.answer(.failure(error))
                }
            }
        }
    }
}

/// Whether libcurl is set up for this process; it wants to be asked once.
private let isCurlReady = clip_curl_start()

extension Duration {
    /// The milliseconds, rounded up; 0 when negative.
    var wholeMilliseconds: Int {
        let attosecondsInMillisecond: Int64 = 1_000_000_000_000_000
        let (seconds, attoseconds) = components
        return max(
            0,
            Int(seconds) * 1000 + Int((attoseconds + attosecondsInMillisecond - 1) / attosecondsInMillisecond)
        )
    }
}
