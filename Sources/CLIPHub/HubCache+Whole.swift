internal import Foundation

/// The result of looking for a commit's model in the cache.
enum CachedModel: Equatable {
    case whole(HubSnapshot)
    /// Configuration and weights are here, but it is unknown whether the repository has this file, which changes
    /// embeddings.
    case unsettled(file: String)
    case missing
}

extension HubCache {
    /// The model of a revision, if it is in the cache and complete.
    func wholeSnapshot(of request: HubRequest, isCertain: Bool = true) -> HubSnapshot? {
        models(of: request, isCertain: isCertain).lazy.compactMap {
            if case .whole(let snapshot) = $0 { snapshot } else { nil }
        }.first
    }

    /// The file that keeps a revision's cached model from being used without the hub, because nothing tells whether it
    /// exists.
    func unsettledFile(of request: HubRequest) -> String? {
        models(of: request, isCertain: false).lazy.compactMap {
            if case .unsettled(let file) = $0 { file } else { nil }
        }.first
    }

    private func models(of request: HubRequest, isCertain: Bool) -> [CachedModel] {
        names(of: request.repository).compactMap { name in
            commit(of: request.of(name)).map { model(name, $0, isCertain: isCertain) }
        }
    }

    /// The states of a repository whose complete model is in the cache, the most recently fetched first.
    func wholeSnapshots(of repository: HubRepository) -> [HubSnapshot] {
        names(of: repository).flatMap { name in
            commits(of: name).compactMap {
                if case .whole(let snapshot) = model(name, $0, isCertain: false) { snapshot } else { nil }
            }
        }
    }

    /// The model of a commit, if all that it needs is in the cache.
    ///
    /// Another program may have fetched the commit, and may have left out files that it does not use. So the
    /// configuration and the weights with every shard have to be here. For each file that describes how texts are split
    /// or pictures are prepared, it has to be known whether the repository has it. It is known if the file is here, if
    /// it was asked for in vain (`.no_exist`), or if it is missing in the list that `huggingface_hub` keeps of a
    /// repository that it fetched completely (`trees`).
    ///
    /// - Parameter isCertain: false if the hub cannot be asked; then only the files count that would silently change
    ///   embeddings.
    func model(_ repository: HubRepository, _ commit: String, isCertain: Bool) -> CachedModel {
        let view = CheckpointSelection.View(
            exists: { has($0, repository, commit) },
            contents: { contents($0, repository, commit) }
        )
        guard let selection = try? CheckpointSelection(of: repository, view),
            selection.needed.allSatisfy({ has($0, repository, commit) })
        else { return .missing }
        if let file = unsettledFile(of: selection, repository, commit, isCertain: isCertain) {
            return .unsettled(file: file)
        }
        let directory = snapshot(repository, commit)
        let sizes = selection.needed.map {
            CacheFile.size(at: "\(directory)/\($0)") ?? 0
        }
        return .whole(
            HubSnapshot(
                repository: repository,
                commit: commit,
                directory: directory,
                files: selection.needed,
                byteCount: sizes.reduce(0, +),
                fetchedBytes: 0,
                unverified: selection.needed
            )
        )
    }

    /// The first file that the repository may have and that is not in the cache.
    private func unsettledFile(
        of selection: CheckpointSelection,
        _ repository: HubRepository,
        _ commit: String,
        isCertain: Bool
    ) -> String? {
        let folder = selection.folder
        let listed = files(of: repository, commit)
        let isAll = listed == nil && isDownloadedWhole(repository, commit)
        func isHere(_ name: String) -> Bool { has(folder + name, repository, commit) }
        func isKnown(_ name: String) -> Bool {
            if isHere(name) || isAll { return true }
            if let listed { return !listed.contains(folder + name) }
            return isKnownAbsent(folder + name, repository, commit)
        }
        let isOpenCLIP = selection.files.contains(CheckpointSelection.openCLIPConfiguration)
        var names: [String] = []
        if isCertain {
            names = CheckpointSelection.tokenizers + (isOpenCLIP ? [] : CheckpointSelection.preprocessors)
        } else {
            // If no vocabulary is here, OpenAI's is used, or the model is refused with an explanation.
            if CheckpointSelection.vocabularies.contains(where: isHere) {
                names.append("tokenizer_config.json")
                let settings = contents(folder + "tokenizer_config.json", repository, commit)
                if !(settings.map(HubJSON.listsAddedTokens) ?? false) {
                    names.append("special_tokens_map.json")
                    // A file of this kind contains all tokens.
                    if !isHere("tokenizer.json") { names.append("added_tokens.json") }
                }
            }
            // Either of these files has everything that transformers has ever written there.
            if !isOpenCLIP, !CheckpointSelection.preprocessors.contains(where: isHere) {
                names += CheckpointSelection.preprocessors
            }
        }
        return names.first { !isKnown($0) }.map { folder + $0 }
    }

    /// All files of a commit, by the list that `huggingface_hub` 2 keeps beside what it fetches; nil if there is none.
    private func files(of repository: HubRepository, _ commit: String) -> Set<String>? {
        let path = "\(self.folder(of: repository))/trees/\(commit).json"
        guard let size = CacheFile.size(at: path), size <= CheckpointSelection.mostBytesRead else {
            return nil
        }
        return FileManager.default.contents(atPath: path).flatMap(HubJSON.keptList)
    }

    /// Whether an earlier client, which kept no list, has fetched all files of a commit.
    ///
    /// The hub begins every repository with `.gitattributes`, which only a client that wants all files fetches. A
    /// download that was interrupted leaves an unfinished file.
    private func isDownloadedWhole(_ repository: HubRepository, _ commit: String) -> Bool {
        guard has(".gitattributes", repository, commit) else { return false }
        let blobs = folder(of: repository) + "/blobs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: blobs)) ?? []
        return !names.contains { $0.hasSuffix(".incomplete") }
    }
}
