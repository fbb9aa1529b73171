internal import Foundation

/// The download of one model: finds the repository's files, selects the needed ones, and fetches each into the cache.
struct SnapshotDownload {
    let client: HubClient
    let cache: HubCache
    let request: HubRequest
    /// Whether the files in the cache are compared with what the hub says about them.
    let verifies: Bool
    /// Whether a repository may be used that has replaced the requested one under another name.
    let isAllowed: (HubRepository) -> Bool
    /// Says why no network can be made of a configuration; asked before weights are fetched.
    let judge: ModelHub.Judge

    func run() throws(HubError) -> HubSnapshot {
        let list = try client.list(request)
        let commit = if let list { list.commit } else { try commitOfFirstFile() }
        if request.isPinned, commit != request.revision {
            throw .invalidAnswer(
                host: client.endpoint.host,
                .otherCommit(asked: request.revision, given: commit)
            )
        }
        let home = try home(list?.repository)
        let files = SnapshotFiles(
            client: client,
            cache: cache,
            request: try HubRequest(repository: request.repository, revision: commit),
            home: home
        )
        try cache.prepare(home, commit)
        let selection = try select(list?.files, home, commit, files)
        files.doneBytes = 0
        for name in selection.absent { cache.noteAbsence(of: name, home, commit) }
        if verifies {
            for name in selection.needed { try files.verify(name) }
        }

        var missing: [RemoteFile] = []
        for name in selection.needed where !files.has(name) {
            missing.append(try files.description(of: name))
        }
        let present = missing.map(files.presentBytes).reduce(0, +)
        try requireRoom(missing, present: present)
        let sizes = missing.map(\.size)
        client.tell(
            .began(
                request,
                commit: commit,
                totalBytes: sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) },
                presentBytes: present
            )
        )
        for file in missing {
            let isWeights = selection.weights.contains(file.name)
            try files.fetch(
                file.name,
                limit: isWeights ? AnswerFields.mostBytes : CheckpointSelection.mostBytesBeside
            )
        }
        try cache.note(commit, as: request.of(home))
        cache.note(request.repository, isCalled: home)
        let directory = cache.snapshot(home, commit)
        return HubSnapshot(
            repository: home,
            commit: commit,
            directory: directory,
            files: selection.needed,
            byteCount: selection.needed
                .reduce(0) { $0 + (CacheFile.size(at: "\(directory)/\($1)") ?? 0) },
            fetchedBytes: files.fetchedBytes,
            unverified: files.unverified(of: selection.needed)
        )
    }

    /// The repository in the cache to which the files belong, by its present name at the hub.
    private func home(_ name: HubRepository?) throws(HubError) -> HubRepository {
        guard let name, name != request.repository else { return request.repository }
        guard isAllowed(name) else { throw .renamed("\(request.repository)", to: "\(name)") }
        client.tell(.renamed(request.repository, to: name))
        return name
    }

    /// The commit of a revision, if the server can only be asked for files.
    private func commitOfFirstFile() throws(HubError) -> String {
        for name in ["open_clip_config.json", "config.json"] {
            do throws(HubError) {
                return try client.describe(name, of: request).commit
            } catch {
                guard case .fileNotFound = error else { throw error }
            }
        }
        return try client.describe("modules.json", of: request).commit
    }

    private func select(
        _ list: [String]?,
        _ home: HubRepository,
        _ commit: String,
        _ files: SnapshotFiles
    ) throws(HubError) -> CheckpointSelection {
        let names = list.map(Set.init)
        var absent: Set<String> = []
        return try CheckpointSelection(
            of: home,
            .init(
                exists: { (name) throws(HubError) in
                    if let names { return names.contains(name) }
                    if files.has(name) { return true }
                    if absent.contains(name) || cache.isKnownAbsent(name, home, commit) { return false }
                    do throws(HubError) {
                        _ = try files.description(of: name)
                        return true
                    } catch {
                        guard case .fileNotFound = error else { throw error }
                        absent.insert(name)
                        return false
                    }
                },
                contents: { (name) throws(HubError) in
                    if verifies { try files.verify(name) }
                    if !files.has(name) {
                        let limit = CheckpointSelection.mostBytesRead
                        guard try files.description(of: name).size ?? 0 <= limit else { return nil }
                        try files.fetch(name, limit: limit)
                    }
                    return files.contents(name)
                },
                all: list ?? [],
                judge: judge
            )
        )
    }

    private func requireRoom(_ files: [RemoteFile], present: Int) throws(HubError) {
        let needed = files.reduce(0) { $0 + ($1.size ?? 0) } - present
        guard needed > 0, let free = cache.freeBytes(), free < needed + HubCache.slack else { return }
        throw .noSpace(needed: needed + HubCache.slack, available: free, path: cache.directory)
    }
}
