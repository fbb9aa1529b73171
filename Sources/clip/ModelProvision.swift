internal import CLIPEngine
internal import CLIPHub

/// What brings models that no `--model` names: the known ones of the hub, and its repositories.
///
/// The one place of the program that says so: names, files on this machine and downloads all come from here.
enum ModelProvision {
    /// The provider over a hub and its cache.
    ///
    /// - Parameter say: takes the lines that tell of downloads.
    static func provider(
        _ hub: ModelHub,
        say: @escaping @Sendable (String) -> Void = { Terminal.complain($0 + "\n") }
    ) -> ModelProvider {
        ModelProvider(
            names: KnownModel.all.map(\.name),
            offers: { KnownModel.all.map { offer($0, hub) } },
            locate: { (name) throws(EmbeddingError) in
                let request = try request(named: name)
                let line = DownloadLine(name: name, isShown: false, say: say)
                do throws(HubError) {
                    let snapshot = try await hub.snapshot(of: request) { line.show($0) }
                    return ModelSource(
                        name: name,
                        directory: snapshot.directory,
                        origin: ModelOrigin(
                            repository: "\(snapshot.repository)",
                            revision: snapshot.commit,
                            licence: KnownModel.named(name)?.licence
                        )
                    )
                } catch .cancelled {
                    throw EmbeddingError.cancelled
                } catch {
                    throw EmbeddingError.modelNotFetched(name: name, cause: "\(error)")
                }
            }
        )
    }

    private static func offer(_ known: KnownModel, _ hub: ModelHub) -> ModelProvider.Offer {
        let cached = (try? known.request).flatMap(hub.cached)
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

    /// What is asked of the hub for a name that requests give.
    private static func request(named name: String) throws(EmbeddingError) -> HubRequest {
        do throws(HubError) {
            if let known = KnownModel.named(name) { return try known.request }
            return try HubRequest(name)
        } catch {
            throw .unknownModel(name)
        }
    }
}
