internal import Foundation
internal import Synchronization

/// The hub: names of repositories become folders of this machine.
public struct ModelHub: Sendable {
    /// Where models come from and where they are kept.
    public let configuration: HubConfiguration
    private let cache: HubCache

    /// A hub and a cache.
    public init(_ configuration: HubConfiguration) {
        self.configuration = configuration
        cache = HubCache(configuration)
    }

    /// A model that is whole in the cache; looks at a few files of the disk, and never at the network.
    public func cached(_ request: HubRequest) -> HubSnapshot? {
        cache.wholeSnapshot(of: request)
    }

    /// A model's folder, fetched where it is not whole in the cache.
    ///
    /// A model that is whole is given without a connection. A branch is what it was when it was fetched, until it is renewed.
    /// Whatever fails on the way to the hub, a whole model of the revision in the cache still serves; `main` is served by
    /// any, the one that was fetched last.
    ///
    /// - Parameters:
    ///   - renewing: whether the hub is asked what a branch is now, and what is in the cache is compared with what its names say.
    ///   - onEvent: called on a thread of the download's own.
    public func snapshot(
        of request: HubRequest,
        renewing: Bool = false,
        onEvent: @escaping @Sendable (HubEvent) -> Void = { _ in }
    ) async throws(HubError) -> HubSnapshot {
        if !renewing, let snapshot = cached(request) { return snapshot }
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

    /// Whether the bytes of a cached model are what their names say; the first that are not is named.
    ///
    /// Reads all of them: half a second for 600 MB.
    package func corruptFile(of snapshot: HubSnapshot) throws(HubError) -> String? {
        try Verification(cache: cache, repository: snapshot.repository, commit: snapshot.commit)
            .corruptFile(isRemoved: false)
    }

    /// A write to a connection that the peer closed would end the process with SIGPIPE.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func fetch(
        _ request: HubRequest,
        renewing: Bool,
        isCancelled: @escaping @Sendable () -> Bool,
        _ tell: @escaping (HubEvent) -> Void
    ) throws(HubError) -> HubSnapshot {
        if configuration.isOffline {
            guard let snapshot = cache.wholeSnapshot(of: request, isCertain: false) else {
                throw .offline(
                    "\(request.repository)",
                    revision: request.revision,
                    cached: cache.wholeCommits(of: request.repository)
                )
            }
            let verification = Verification(
                cache: cache,
                repository: snapshot.repository,
                commit: snapshot.commit
            )
            if renewing, let file = try verification.corruptFile(isRemoved: false) {
                throw .corrupt("\(request.repository)", file: file)
            }
            return snapshot
        }
        do throws(HubError) {
            let client = try HubClient(configuration, isCancelled: isCancelled, tell: tell)
            return try SnapshotDownload(client: client, cache: cache, request: request, verifies: renewing)
                .run()
        } catch {
            guard error != .cancelled else { throw error }
            let commit =
                cache.wholeSnapshot(of: request, isCertain: false)?.commit
                ?? (request.revision == HubRequest.main
                    ? cache.wholeCommits(of: request.repository).first : nil)
            guard let commit, let snapshot = cache.wholeSnapshot(request.repository, commit, isCertain: false)
            else { throw error }
            tell(.usesCache(error, commit: commit))
            return snapshot
        }
    }
}

/// Whether somebody does not want something any more.
private final class CancellationMark: Sendable {
    private let mark = Mutex(false)
    var isSet: Bool { mark.withLock { $0 } }
    func set() { mark.withLock { $0 = true } }
}
