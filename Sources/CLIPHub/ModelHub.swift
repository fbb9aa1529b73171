internal import Foundation
internal import Synchronization

/// The hub: names of repositories become folders of this machine.
public struct ModelHub: Sendable {
    /// Where models come from and where they are kept.
    public let configuration: HubConfiguration
    /// Why no network can be made of a configuration file, by its name and bytes, in a sentence with a remedy; nil where one can.
    public typealias Judge = @Sendable (_ file: String, _ bytes: [UInt8]) -> String?
    /// What is asked before weights are fetched, since the hub itself knows nothing of networks.
    public let judge: Judge
    private let cache: HubCache

    /// A hub and a cache.
    public init(_ configuration: HubConfiguration, judge: @escaping Judge = { _, _ in nil }) {
        self.configuration = configuration
        self.judge = judge
        cache = HubCache(configuration)
    }

    /// A model that is whole in the cache; looks at a few files of the disk, and never at the network.
    public func cached(_ request: HubRequest) -> HubSnapshot? {
        cache.wholeSnapshot(of: request)
    }

    /// A model's folder, fetched where it is not whole in the cache.
    ///
    /// A model that is whole is given without a connection. A branch is what it was when it was fetched, until it is renewed.
    /// Whatever fails on the way to the hub, a whole model of the revision in the cache still serves; `main` and known names are
    /// served by any, the one that was fetched last.
    ///
    /// - Parameters:
    ///   - renewing: whether the hub is asked what a branch is now, and what is in the cache is compared with what the hub says of
    ///     it, or else with what its names say.
    ///   - onEvent: called on a thread of the download's own.
    ///   - isAllowed: whether a repository may be used that the hub gives for the one that was asked for, which was renamed.
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

    /// Asks the hub for what every hub has an answer to, to learn whether it can be reached with these settings.
    ///
    /// - Throws: why not. That a mirror lacks one repository is an answer.
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

    /// Whether the bytes of a cached model are what their names say; the first that are not is named.
    ///
    /// Reads all of them: half a second for 600 MB.
    package func corruptFile(of snapshot: HubSnapshot) throws(HubError) -> String? {
        let verification = Verification(
            cache: cache,
            repository: snapshot.repository,
            commit: snapshot.commit
        )
        for file in snapshot.files where try verification.finding(of: file) == .damaged { return file }
        return nil
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

    /// A model of the cache with what came of comparing its bytes with what their names say.
    ///
    /// - Parameter obstacle: why the hub cannot be asked; nil where it is not wanted.
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

/// Whether somebody does not want something any more.
private final class CancellationMark: Sendable {
    private let mark = Mutex(false)
    var isSet: Bool { mark.withLock { $0 } }
    func set() { mark.withLock { $0 = true } }
}
