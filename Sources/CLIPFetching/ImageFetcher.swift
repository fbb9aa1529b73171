/// Fetches image bytes over https and http for a server that accepts URLs from strangers.
///
/// Every connection, also after a redirect, is checked against the address policy when its socket is opened, on the
/// address that it will really use. So a name that resolves to another address a moment later changes nothing. Any port
/// may be asked: image stores run on unusual ones, and the policy keeps the private network out whatever the port. A
/// host that is reached through its own public address counts as public.
///
/// Proxies, cookies, `.netrc`, credentials and HTTP/2 are off. Certificates are verified. No connection is used for a
/// second request, so that nothing a host sends can be taken for the answer to another one.
///
/// One thread of the fetcher's own runs all transfers; callers only suspend.
public final class ImageFetcher: Sendable {
    private let options: TransferOptions
    private let mailbox: FetchMailbox
    private let thread: JoinableThread

    /// Reserves room for a number of bytes; nil if there is none now.
    ///
    /// It is called on the fetcher's thread, and must not wait.
    public typealias RoomGiver = @Sendable (Int) -> FetchRoom?

    /// Starts a fetcher with its thread.
    ///
    /// An answer is read when `room` has reserved room for its announced length, or for the limit if it announces none.
    /// Until then the transfer stands still, and `room` is called again every 20 ms. An encoded answer is decoded when
    /// there is room for what may come out of it as well.
    ///
    /// - Throws: ``FetchingError/invalidConfiguration(_:)``, or ``FetchingError/transportUnavailable``.
    public convenience init(
        configuration: FetchingConfiguration = FetchingConfiguration(),
        room: @escaping RoomGiver = { FetchRoom(bytes: $0) }
    ) throws(FetchingError) {
        try self.init(
            configuration: configuration,
            policy: configuration.allowsPrivateAddresses ? .everyAddress : .publicAddresses,
            room: room
        )
    }

    /// Starts a fetcher with a policy of the caller's instead of the one that `allowsPrivateAddresses` chooses.
    package init(
        configuration: FetchingConfiguration,
        policy: AddressPolicy,
        room: @escaping RoomGiver = { FetchRoom(bytes: $0) }
    ) throws(FetchingError) {
        let problems = configuration.validate()
        guard problems.isEmpty else { throw .invalidConfiguration(problems) }
        let options = TransferOptions(configuration: configuration, policy: policy, room: room)
        let multi = try TransferLoop.makeMulti(options: options)
        let mailbox = FetchMailbox(multi: multi)
        guard let thread = JoinableThread({ TransferLoop(mailbox: mailbox, options: options).run() }) else {
            TransferLoop.free(mailbox.multi)
            throw .transportUnavailable
        }
        self.options = options
        self.mailbox = mailbox
        self.thread = thread
    }

    deinit {
        shutdown()
    }

    /// The body of a successful answer, with any `Content-Encoding` undone.
    ///
    /// `client` names who asked, in any words that tell clients apart: each client has a share of the places.
    /// Cancelling the task ends the transfer and throws ``FetchingError/cancelled`` at once.
    public func bytes(at url: String, client: String? = nil) async throws(FetchingError) -> FetchedImage {
        let url = try ImageURL(url, maxBytes: options.configuration.maxURLBytes)
        try options.rules.check(url)
        let deadline = ContinuousClock.now + options.configuration.timeLimit
        let id = mailbox.newID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.submit(
                    FetchOrder(
                        id: id,
                        url: url,
                        client: client,
                        deadline: deadline,
                        continuation: continuation
                    )
                )
            }
        } onCancel: {
            mailbox.cancel(id)
        }
        mailbox.forget(id)
        return try result.get()
    }

    /// Ends every fetch with ``FetchingError/shutDown``, closes all connections, and waits until the thread has ended.
    ///
    /// It never waits for a network. Later fetches fail with the same error. Calling it again does nothing.
    public func shutdown() {
        mailbox.close()
        thread.join()
    }
}
