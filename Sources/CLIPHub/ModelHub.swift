internal import Foundation
internal import Synchronization

/// Turns names of the hub's repositories into folders on this machine.
public struct ModelHub: Sendable {
    /// The source of models and the folder that keeps them.
    public let configuration: HubConfiguration
    /// Says why no network can be made of a configuration file, in a sentence with advice; nil if one can.
    public typealias Judge = @Sendable (_ file: String, _ bytes: [UInt8]) -> String?
    /// The judgement that is asked for before weights are fetched, since the hub itself knows nothing of networks.
    public let judge: Judge
    private let cache: HubCache

    /// Makes a hub with its cache.
    public init(_ configuration: HubConfiguration, judge: @escaping Judge = { _, _ in nil }) {
        self.configuration = configuration
        self.judge = judge
        cache = HubCache(configuration)
    }

    /// A model that is complete in the cache; nil if there is none.
    ///
    /// This examines a few files on the disk and never uses the network.
    public func cached(_ request: HubRequest) -> HubSnapshot? {
        cache.wholeSnapshot(of: request)
    }

    /// A model's folder, whose files are fetched unless the cache has them all.
    ///
    /// A model that is complete in the cache needs no connection. A branch stays at the commit that was fetched, until
    /// it is renewed. If the hub fails in any way, a complete model of the revision in the cache is used; for `main`
    /// and for known names any state may be used, the most recently fetched first.
    ///
    /// - Parameters:
    ///   - renewing: whether the hub is asked for the branch's present commit, and the files in the cache are compared
    ///     with what the hub says about them, or else with the digests in their names.
    ///   - onEvent: called on the download's own thread.
    ///   - isAllowed: whether a repository may be used that the hub gives instead of the requested one, because that
    ///     was renamed.
    public func snapshot(
        of request: HubRequest,
        renewing: Bool = false,
        onEvent: @escaping @Sendable (HubEvent) -> Void = { _ in },
        isAllowed: @escaping @Sendable (HubRepository) -> Bool = { _ in true }
    ) async throws(HubError) -> HubSnapshot {
        let isAllowed = { @Sendable in $0 == request.repository || isAllowed($0) }
        if !renewing, let snapshot = cached(request), isAllowed(snapshot.repository) { return snapshot }
        let isCancelled = CancellationMark()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { [self] in
                    Self.blockSignals()
                    continuation.resume(
                        returning: Result { () throws(HubError) in
                            try fetch(
                                request,
                                renewing: renewing,
                                isAllowed: isAllowed,
                                isCancelled: { isCancelled.isSet },
                                onEvent
                            )
                        }
                    )
                }
            }
        } onCancel: {
            isCancelled.set()
        }
        return try result.get()
    }

    /// Checks that the hub can be reached with these settings, by a request that every hub answers.
    ///
    /// - Throws: the reason if it cannot be reached. If a mirror lacks the repository, that is an answer, too.
    package func reach() async throws(HubError) {
        let configuration = configuration
        let result = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                Self.blockSignals()
                continuation.resume(
                    returning: Result { () throws(HubError) in
                        let client = try HubClient(configuration, isCancelled: { false }, tell: { _ in })
                        _ = try client.list(HubRequest("timm/vit_base_patch32_clip_224.openai"))
                    }
                )
            }
        }
        do throws(HubError) {
            try result.get()
        } catch .repositoryNotFound, .revisionNotFound, .gated, .forbidden {
            return
        }
    }

    /// The first file of a cached model whose bytes do not agree with the digest in its name; nil if all agree.
    ///
    /// This reads all files, which takes half a second for 600 MB.
    package func corruptFile(of snapshot: HubSnapshot) throws(HubError) -> String? {
        let verification = Verification(
            cache: cache,
            repository: snapshot.repository,
            commit: snapshot.commit
        )
        for file in snapshot.files where try verification.finding(of: file) == .damaged { return file }
        return nil
    }

    /// Blocks SIGPIPE, which otherwise ends the process when it writes to a connection that the peer closed.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func fetch(
        _ request: HubRequest,
        renewing: Bool,
        isAllowed: @escaping (HubRepository) -> Bool,
        isCancelled: @escaping @Sendable () -> Bool,
        _ tell: @escaping (HubEvent) -> Void
    ) throws(HubError) -> HubSnapshot {
        if configuration.isOffline {
            if let snapshot = cache.wholeSnapshot(of: request, isCertain: false),
                isAllowed(snapshot.repository)
            {
                return renewing ? try compared(snapshot, obstacle: nil) : snapshot
            }
            let whole = cache.wholeSnapshots(of: request.repository).filter { isAllowed($0.repository) }
            guard !request.isExact, let snapshot = whole.first else {
                if whole.isEmpty, let file = cache.unsettledFile(of: request) {
                    throw .unsettled("\(request.repository)", file: file)
                }
                throw .offline(
                    "\(request.repository)",
                    revision: request.revision,
                    cached: whole.map(\.commit)
                )
            }
            tell(.usesOther(request, commit: snapshot.commit))
            return renewing ? try compared(snapshot, obstacle: nil) : snapshot
        }
        do throws(HubError) {
            let client = try HubClient(configuration, isCancelled: isCancelled, tell: tell)
            return try SnapshotDownload(
                client: client,
                cache: cache,
                request: request,
                verifies: renewing,
                isAllowed: isAllowed,
                judge: judge
            ).run()
        } catch {
            guard error != .cancelled else { throw error }
            let here = [cache.wholeSnapshot(of: request, isCertain: false)].compactMap { $0 }
            let others = request.isExact ? [] : cache.wholeSnapshots(of: request.repository)
            guard let snapshot = (here + others).first(where: { isAllowed($0.repository) }) else {
                throw error
            }
            let found = renewing ? try compared(snapshot, obstacle: error) : snapshot
            tell(.usesCache(error, commit: snapshot.commit))
            return found
        }
    }

    /// A cached model, after its bytes were compared with the digests in their names.
    ///
    /// - Parameter obstacle: why the hub cannot be asked; nil if nobody wants to ask it.
    private func compared(
        _ snapshot: HubSnapshot,
        obstacle: HubError?
    ) throws(HubError) -> HubSnapshot {
        var snapshot = snapshot
        snapshot.unverified = try Verification(
            cache: cache,
            repository: snapshot.repository,
            commit: snapshot.commit
        ).unverified(of: snapshot.files, obstacle: obstacle)
        for file in snapshot.files where CheckpointSelection.isConfiguration(file) {
            let bytes = cache.contents(file, snapshot.repository, snapshot.commit).map { [UInt8]($0) } ?? []
            if let reason = judge(file, bytes) {
                throw .noUsableFiles("\(snapshot.repository)", .notBuilt(file: file, reason: reason))
            }
        }
        return snapshot
    }
}

/// A flag that says whether the caller still wants the result.
private final class CancellationMark: Sendable {
    private let mark = Mutex(false)
    var isSet: Bool { mark.withLock { $0 } }
    func set() { mark.withLock { $0 = true } }
}
