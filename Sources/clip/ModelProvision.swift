package import CLIPEngine
package import CLIPHub

/// Brings models: the hub's known ones, its repositories, and those of `--model` that are not on this machine.
///
/// All names, files on this machine and downloads come from here.
enum ModelProvision {
    /// The provider for a hub and its cache.
    ///
    /// - Parameters:
    ///   - configured: the requests to the hub for models of `--model`, by the models' names.
    ///   - isAllowed: whether a repository may be used that the hub returns for the one that a request names.
    ///   - fail: called with the reason if one of the configured models cannot be fetched.
    ///   - say: receives progress messages of downloads.
    static func provider(
        _ hub: ModelHub,
        configured: [String: HubRequest] = [:],
        isAllowed: @escaping @Sendable (_ repository: String) -> Bool = { _ in true },
        fail: @escaping @Sendable (CommandFailure) -> Void = { _ in },
        say: @escaping @Sendable (String) -> Void = { Terminal.complain($0 + "\n") }
    ) -> ModelProvider {
        // The operator waits for as long as the hub asks; requests do not, and are told to retry.
        var hasty = hub.configuration
        hasty.longestPause = longestPause
        let onDemand = ModelHub(hasty, judge: hub.judge)
        // A repository that the operator or our own table names may have been renamed meanwhile; one that a request
        // names may not.
        let isUsable = { @Sendable (name: String, repository: HubRepository) in
            configured[name] != nil || KnownModel.named(name) != nil || isAllowed("\(repository)")
        }
        return ModelProvider(
            names: KnownModel.all.map(\.name),
            knownName: knownName,
            isRepository: { (try? HubRepository($0)) != nil },
            offers: { KnownModel.all.map { offer($0, hub) } },
            here: { name in
                guard let request = configured[name] ?? (try? request(named: name)) else { return nil }
                guard let snapshot = hub.cached(request),
                    snapshot.repository == request.repository || isUsable(name, snapshot.repository)
                else { return nil }
                return source(named: name, snapshot)
            },
            locate: { (name, onPause) throws(EmbeddingError) in
                let request = if let known = configured[name] { known } else { try request(named: name) }
                let hub = configured[name] == nil ? onDemand : hub
                let line = DownloadLine(name: name, isShown: false, say: say)
                do throws(HubError) {
                    let snapshot = try await hub.snapshot(
                        of: request,
                        onEvent: { event in
                            if case .retries(_, let pause) = event { onPause(pause) }
                            line.show(event)
                        },
                        isAllowed: { isUsable(name, $0) }
                    )
                    return source(named: name, snapshot)
                } catch .cancelled {
                    throw EmbeddingError.cancelled
                } catch {
                    if configured[name] != nil { fail(CommandFailure(model: name, error)) }
                    throw EmbeddingError.modelNotFetched(name: name, cause: "\(error)", error.fetchFault)
                }
            }
        )
    }

    /// The known model with this name, also in OpenAI's own spelling, such as `ViT-L/14@336px`.
    ///
    /// In requests, capitals matter, as they do on Roboflow's server.
    private static let knownName = { @Sendable (name: String) -> String? in
        let plain = String(name.map { "/@".contains($0) ? "-" : $0 })
        return KnownModel.all.first { $0.name == plain }?.name
    }

    /// The longest pause that the hub can ask for while a request waits for a model.
    private static let longestPause = Duration.seconds(5)

    /// A model whose files are in the cache.
    static func source(named name: String, _ snapshot: HubSnapshot) -> ModelSource {
        ModelSource(
            name: name,
            directory: snapshot.directory,
            origin: ModelOrigin(
                repository: "\(snapshot.repository)",
                revision: snapshot.commit,
                licence: licence(of: snapshot.repository)
            )
        )
    }

    /// A model, from the cache or still to be fetched from the hub.
    static func source(named name: String, _ request: HubRequest, in hub: ModelHub) -> ModelSource {
        if let snapshot = hub.cached(request) { return source(named: name, snapshot) }
        return ModelSource(
            name: name,
            directory: "",
            origin: ModelOrigin(
                repository: "\(request.repository)",
                licence: licence(of: request.repository)
            )
        )
    }

    private static func licence(of repository: HubRepository) -> String? {
        KnownModel.all.first { $0.repository == repository }?.licence
    }

    /// What lists say of a known model; without a hub, they do not say whether it is in the cache.
    static func offer(_ known: KnownModel, _ hub: ModelHub? = nil) -> ModelProvider.Offer {
        let cached = hub.flatMap { hub in (try? known.request).flatMap(hub.cached) }
        return ModelProvider.Offer(
            name: known.name,
            origin: ModelOrigin(
                repository: "\(known.repository)",
                revision: cached?.commit ?? known.revision,
                licence: known.licence
            ),
            directory: cached?.directory,
            byteCount: cached?.byteCount ?? known.megabytes.map { $0 * 1_000_000 }
        )
    }

    /// The request to the hub for a name that requests give.
    private static func request(named name: String) throws(EmbeddingError) -> HubRequest {
        do throws(HubError) {
            if let known = KnownModel.named(name) { return try known.request }
            return try HubRequest(name)
        } catch {
            throw .unknownModel(name)
        }
    }
}

extension HubError {
    /// What the error means for requests for the model.
    package var fetchFault: FetchFault {
        switch self {
        case .invalidName, .unknownName, .address, .invalidRevision, .repositoryNotFound, .revisionNotFound,
            .fileNotFound:
            .notFound
        case .gated, .invalidToken, .forbidden: .closed
        case .renamed: .notAllowed
        case .tooManyRequests(_, let seconds): .passing(retryAfterSeconds: seconds)
        case .badStatus, .unreachable, .cancelled: .passing(retryAfterSeconds: nil)
        case .offline, .unsettled: .offline
        case .noUsableFiles: .unusable
        case .damaged, .corrupt, .wrongSize, .redirectRefused, .invalidAnswer: .corrupt
        case .noSpace, .cacheUnusable: .notKept
        case .transportUnavailable, .invalidConfiguration: .misconfigured
        }
    }
}
