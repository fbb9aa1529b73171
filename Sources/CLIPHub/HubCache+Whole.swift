internal import Foundation

/// What comes of a commit of the cache.
enum CachedModel: Equatable {
    case whole(HubSnapshot)
    /// Configuration and weights are here, but nobody knows whether the repository has this file, which changes numbers.
    case unsettled(file: String)
    case missing
}

extension HubCache {
    /// A revision's model as far as it is in the cache and whole.
    func wholeSnapshot(of request: HubRequest, isCertain: Bool = true) -> HubSnapshot? {
        models(of: request, isCertain: isCertain).lazy.compactMap {
            if case .whole(let snapshot) = $0 { snapshot } else { nil }
        }.first
    }

    /// The file of a revision's model that nobody knows of, and that keeps what is here from being used without the hub.
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

    /// The states of a repository of which the whole model is here, those first that were fetched last.
    func wholeSnapshots(of repository: HubRepository) -> [HubSnapshot] {
        names(of: repository).flatMap { name in
            commits(of: name).compactMap {
                if case .whole(let snapshot) = model(name, $0, isCertain: false) { snapshot } else { nil }
            }
        }
    }

    /// A commit's model where all that it needs is here: not what happens to be there.
    ///
    /// What fetched it may have been another program, which left out what it had no use for. So configuration and weights have to
    /// be there with every shard, and of each file that says how texts are split and pictures are prepared it has to be known
    /// whether the repository has it: it is here, or was asked for in vain (`.no_exist`), or is not in the list that
    /// `huggingface_hub` keeps of a repository that it fetched whole (`trees`).
    ///
    /// - Parameter isCertain: false where the hub cannot be asked: then the files that would change numbers silently do.
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

    /// The first file that the repository may have and that is not here.
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
            // Where no vocabulary is here, OpenAI's is meant, or the model is refused with words.
            if CheckpointSelection.vocabularies.contains(where: isHere) {
                names.append("tokenizer_config.json")
                let settings = contents(folder + "tokenizer_config.json", repository, commit)
                if !(settings.map(HubJSON.listsAddedTokens) ?? false) {
                    names.append("special_tokens_map.json")
                    // Such a file has all tokens in itself.
                    if !isHere("tokenizer.json") { names.append("added_tokens.json") }
                }
            }
            // Either of these says all that transformers has ever written there.
            if !isOpenCLIP, !CheckpointSelection.preprocessors.contains(where: isHere) {
                names += CheckpointSelection.preprocessors
            }
        }
        return names.first { !isKnown($0) }.map { folder + $0 }
    }

    /// All files that a commit has, by the list that `huggingface_hub` 2 keeps beside what it fetches; nil where there is none.
    private func files(of repository: HubRepository, _ commit: String) -> Set<String>? {
        let path = "\(self.folder(of: repository))/trees/\(commit).json"
        guard let size = CacheFile.size(at: path), size <= CheckpointSelection.mostBytesRead else {
            return nil
        }
        return FileManager.default.contents(atPath: path).flatMap(HubJSON.keptList)
    }

    /// Whether an earlier client, which kept no list, has fetched all that a commit has.
    ///
    /// The hub begins every repository with `.gitattributes`, and only who wants all of it fetches that; a download that broke off
    /// leaves what it began.
    private func isDownloadedWhole(_ repository: HubRepository, _ commit: String) -> Bool {
        guard has(".gitattributes", repository, commit) else { return false }
        let blobs = folder(of: repository) + "/blobs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: blobs)) ?? []
        return !names.contains { $0.hasSuffix(".incomplete") }
    }
}
