import CCurl
import Synchronization

/// One caller's fetch, and where its answer goes.
struct FetchOrder: Sendable {
    let id: UInt64
    let url: ImageURL
    /// The client who asked, if the caller tells clients apart.
    let client: String?
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Result<FetchedImage, FetchingError>, Never>
}

/// What callers leave for the transfer thread: new orders, cancellations, and the wish to end.
///
/// An order is in one place at a time, either here or with the thread, and whoever has it answers it.
final class FetchMailbox: Sendable {
    /// What the thread finds when it looks into the mailbox.
    struct Post {
        var orders: [FetchOrder] = []
        /// The cancelled orders that are not forgotten yet, whether the thread has them or not.
        var cancelled: Set<UInt64> = []
        var isClosed = false
    }

    private struct State {
        var post = Post()
        var lastID: UInt64 = 0
    }

    /// The transfer thread's libcurl handle.
    ///
    /// Only that thread uses it, with one exception that libcurl allows: any thread may wake it. That happens here,
    /// under the lock, while the mailbox is open. The thread frees the handle only after it has seen that the mailbox
    /// is closed.
    nonisolated(unsafe) let multi: UnsafeMutableRawPointer
    private let state = Mutex(State())

    init(multi: sending UnsafeMutableRawPointer) {
        self.multi = multi
    }

    func newID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Hands an order to the thread, or answers it if it is no longer wanted.
    func submit(_ order: FetchOrder) {
        let refusal: FetchingError? = state.withLock { state in
            if state.post.isClosed { return .shutDown }
            if state.post.cancelled.contains(order.id) { return .cancelled }
            state.post.orders.append(order)
            curl_multi_wakeup(multi)
            return nil
        }
        if let refusal { order.continuation.resume(returning: .failure(refusal)) }
    }

    /// Notes that an order's answer is no longer wanted; the order may still be on its way.
    func cancel(_ id: UInt64) {
        state.withLock { state in
            state.post.cancelled.insert(id)
            if !state.post.isClosed { _ = curl_multi_wakeup(multi) }
        }
    }

    /// Forgets an order that has its answer.
    func forget(_ id: UInt64) {
        state.withLock { state in _ = state.post.cancelled.remove(id) }
    }

    /// Accepts no more orders; the thread will end.
    func close() {
        state.withLock { state in
            guard !state.post.isClosed else { return }
            state.post.isClosed = true
            curl_multi_wakeup(multi)
        }
    }

    /// Takes all orders out of the mailbox.
    func take() -> Post {
        state.withLock { state in
            let post = state.post
            state.post.orders = []
            return post
        }
    }
}
