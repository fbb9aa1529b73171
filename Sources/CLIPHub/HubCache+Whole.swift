internal import Foundation

extension HubCache {
    /// A revision's model as far as it is in the cache and whole.
    func wholeSnapshot(of request: HubRequest, isCertain: Bool = true) -> HubSnapshot? {
        names(of: request.repository).lazy.compactMap { name in
            commit(of: request.of(name)).flatMap { wholeSnapshot(name, $0, isCertain: isCertain) }
        }.first
    }

    /// The states of a repository of which the whole model is here, those first that were fetched last.
    func wholeSnapshots(of repository: HubRepository) -> [HubSnapshot] {
        names(of: repository).flatMap { name in
            commits(of: name).compactMap { wholeSnapshot(name, $0, isCertain: false) }
        }
    }

    /// A commit's model where all that it needs is here: not what happens to be there.
    ///
    /// What fetched it may have been another program, which left out what it had no use for. So configuration and weights have to
    /// be there with every shard; a tokenizer, unless it is OpenAI's, which is built in, or the repository is known to have none;
    /// and for transformers' layout how pictures are prepared, or the knowledge that nothing says so.
    ///
    /// - Parameter isCertain: false where the hub cannot be asked: then configuration and weights do, as the rest may be all that
    ///   the repository has.
    func wholeSnapshot(
        _ repository: HubRepository,
        _ commit: String,
        isCertain: Bool = true
    ) -> HubSnapshot? {
        let view = CheckpointSelection.View(
            exists: { has($0, repository, commit) },
            contents: { contents($0, repository, commit) }
        )
        guard let selection = try? CheckpointSelection(of: repository, view),
            selection.needed.allSatisfy({ has($0, repository, commit) })
        else { return nil }
        func isSettled(_ names: [String], in folder: String) -> Bool {
            !isCertain || names.contains { has(folder + $0, repository, commit) }
                || names.allSatisfy { isKnownAbsent(folder + $0, repository, commit) }
        }
        let folder =
            selection.weights.first.map { name in
                name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
            } ?? ""
        let tokenizers = [
            "tokenizer.json", "vocab.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
        ]
        if selection.files.contains(CheckpointSelection.openCLIPConfiguration) {
            let configuration = contents(CheckpointSelection.openCLIPConfiguration, repository, commit)
            guard let configuration,
                !HubJSON.namesTokenizer(configuration) || isSettled(tokenizers, in: "")
            else { return nil }
        } else {
            guard isSettled(CheckpointSelection.preprocessors, in: folder), isSettled(tokenizers, in: folder)
            else { return nil }
        }
        let directory = snapshot(repository, commit)
        let sizes = selection.needed.map {
            CacheFile.size(at: "\(directory)/\($0)") ?? 0
        }
        return HubSnapshot(
            repository: repository,
            commit: commit,
            directory: directory,
            files: selection.needed,
            byteCount: sizes.reduce(0, +),
            fetchedBytes: 0,
            unverified: selection.needed
        )
    }
}
