internal import CLIPEngine
internal import CLIPHub

/// What brings models that no `--model` names: the hub's known names, and repositories by their own.
enum ModelProvision {
    /// The provider over a hub and its cache.
    ///
    /// - Parameter say: takes the lines that tell of downloads.
    static func provider(
        _ hub: ModelHub,
        say: @escaping @Sendable (String) -> Void
    ) -> ModelProvider {
        ModelProvider(
            names: KnownModel.all.map(\.name),
            offers: {
                KnownModel.all.map { model in
                    let cached = (try? model.request).flatMap(hub.cached)
                    return ModelProvider.Offer(
                        name: model.name,
                        origin: ModelOrigin(
                            repository: "\(model.repository)",
                            revision: cached?.commit ?? model.revision,
                            licence: model.licence
                        ),
                        directory: cached?.directory,
                        byteCount: model.megabytes.map { $0 * 1_000_000 }
                    )
                }
            },
            locate: { (name) throws(EmbeddingError) in
                let known = KnownModel.named(name)
                do throws(HubError) {
                    let request: HubRequest
                    if let known { request = try known.request } else { request = try HubRequest(name) }
                    let line = DownloadLine(name: name, isShown: false, say: say)
                    let snapshot = try await hub.snapshot(of: request) { line.show($0) }
                    return ModelSource(
                        name: name,
                        directory: snapshot.directory,
                        origin: origin(of: snapshot, licence: known?.licence)
                    )
                } catch {
                    switch error {
                    case .invalidName, .unknownName: throw .unknownModel(name)
                    case .cancelled: throw .cancelled
                    default: throw .modelNotFetched(name: name, cause: "\(error)".printable)
                    }
                }
            }
        )
    }

    static func origin(of snapshot: HubSnapshot, licence: String?) -> ModelOrigin {
        ModelOrigin(repository: "\(snapshot.repository)", revision: snapshot.commit, licence: licence)
    }
}
