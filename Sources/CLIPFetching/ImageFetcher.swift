/// Fetches image bytes by https and http for a server that takes URLs from strangers.
///
/// Every connection, of redirects too, is checked against the address policy when its socket is opened, on
/// the address that it will really use; a name that resolves to something else a moment later changes
/// nothing. Any port may be asked: image stores run on odd ones, and the policy keeps the private network out
/// whatever the port. A host that is reached through its own public address counts as public. Proxies,
/// cookies, `.netrc`, credentials, HTTP/2 and decompression are off. Certificates are verified.
///
/// One thread of the fetcher's own runs all transfers; callers only suspend.
public final class ImageFetcher: Sendable {
    private let configuration: FetchingConfiguration
    private let mailbox: FetchMailbox
    private let thread: JoinableThread

    /// Starts a fetcher with its thread.
    ///
    /// - Throws: ``FetchingError/invalidConfiguration(_:)``, or ``FetchingError/transportUnavailable``.
    public convenience init(
        configuration: FetchingConfiguration = FetchingConfiguration()
    ) throws(FetchingError) {
        try self.init(
            configuration: configuration,
            policy: configuration.allowsPrivateAddresses ? .everyAddress : .publicAddresses
        )
    }

    /// Starts a fetcher with a policy of the caller's, in place of the one that `allowsPrivateAddresses`
    /// chooses.
    package init(configuration: FetchingConfiguration, policy: AddressPolicy) throws(FetchingError) {
        let problems = configuration.validate()
        guard problems.isEmpty else { throw .invalidConfiguration(problems) }
        let options = TransferOptions(configuration: configuration, policy: policy)
        let multi = try TransferLoop.makeMulti(options: options)
        let mailbox = FetchMailbox(multi: multi)
        guard let thread = JoinableThread({ TransferLoop(mailbox: mailbox, options: options).run() }) else {
            TransferLoop.free(mailbox.multi)
            throw .transportUnavailable
        }
        self.configuration = configuration
        self.mailbox = mailbox
        self.thread = thread
    }

    deinit {
        shutdown()
    }

    /// The body of a successful answer, as the server sent it.
    ///
    /// Cancelling the task ends the transfer and throws ``FetchingError/cancelled`` at once.
    public func bytes(at url: String) async throws(FetchingError) -> [UInt8] {
        let url = try ImageURL(url, maxBytes: configuration.maxURLBytes)
        let deadline = ContinuousClock.now + configuration.timeLimit
        let id = mailbox.newID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.submit(FetchOrder(id: id, url: url, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            mailbox.cancel(id)
        }
        mailbox.forget(id)
        return try result.get()
    }

    /// Ends every fetch with ``FetchingError/shutDown``, closes all connections and waits for the thread to
    /// end.
    ///
    /// It never waits for a network; later fetches fail with the same error. Calling it again does nothing.
    public func shutdown() {
        mailbox.close()
        thread.join()
    }
}
