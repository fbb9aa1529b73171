internal import Foundation

/// The download of one model: what there is, what of it is needed, and file by file into the cache.
struct SnapshotDownload {
    let client: HubClient
    let cache: HubCache
    let request: HubRequest
    /// Whether what is in the cache is compared with what its names say.
    let verifies: Bool

    private var repository: HubRepository { request.repository }

    /// Room beside the files themselves: links, folders, others that write.
    private static let slack = 16 << 20

    func run() throws(HubError) -> HubSnapshot {
        let list = try client.list(request)
        let found = if let list { list.commit } else { try commitOfFirstFile() }
        let pinned = try HubRequest(repository: repository, revision: found)
        let known = Described(client: client, request: pinned)
        if verifies {
            _ = try Verification(cache: cache, repository: repository, commit: found)
                .corruptFile(isRemoved: true)
        }
        try cache.prepare(repository, found)
        let tally = Tally()
        let selection = try select(list?.files, pinned, known, tally)
        tally.done = 0
        for name in selection.absent { cache.noteAbsence(of: name, repository, found) }

        var missing: [RemoteFile] = []
        for name in selection.files + selection.weights where !cache.has(name, repository, found) {
            missing.append(try known.file(name))
        }
        let present = missing.map(presentBytes).reduce(0, +)
        try requireRoom(missing, present: present)
        let sizes = missing.map(\.size)
        client.tell(
            .began(
                request,
                commit: found,
                totalBytes: sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) },
                presentBytes: present
            )
        )
        for file in missing { try fetch(file, pinned, tally) }
        try cache.note(found, as: request)
        let directory = cache.snapshot(repository, found)
        return HubSnapshot(
            repository: repository,
            commit: found,
            directory: directory,
            byteCount: (selection.files + selection.weights)
                .reduce(0) { $0 + (CacheFile.size(at: "\(directory)/\($1)") ?? 0) },
            fetchedBytes: tally.fetched
        )
    }

    /// What has come so far.
    private final class Tally {
        /// Bytes over the network.
        var fetched = 0
        /// Bytes of files that are done.
        var done = 0
    }

    // MARK: - What is needed

    /// The commit of a revision where only files can be asked for.
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

    /// What the hub has said of files, so that it is asked once.
    private final class Described {
        private let client: HubClient
        private let request: HubRequest
        private var files: [String: RemoteFile] = [:]

        init(client: HubClient, request: HubRequest) {
            self.client = client
            self.request = request
        }

        func file(_ name: String) throws(HubError) -> RemoteFile {
            if let file = files[name] { return file }
            let file = try client.describe(name, of: request)
            files[name] = file
            return file
        }
    }

    private func select(
        _ list: [String]?,
        _ pinned: HubRequest,
        _ known: Described,
        _ tally: Tally
    ) throws(HubError) -> CheckpointSelection {
        let names = list.map(Set.init)
        let commit = pinned.revision
        var absent: Set<String> = []
        return try CheckpointSelection(
            of: repository,
            .init(
                exists: { (name) throws(HubError) in
                    if let names { return names.contains(name) }
                    if cache.has(name, repository, commit) { return true }
                    if absent.contains(name) || cache.isKnownAbsent(name, repository, commit) { return false }
                    do throws(HubError) {
                        _ = try known.file(name)
                        return true
                    } catch {
                        guard case .fileNotFound = error else { throw error }
                        absent.insert(name)
                        return false
                    }
                },
                contents: { (name) throws(HubError) in
                    if !cache.has(name, repository, commit) {
                        let file = try known.file(name)
                        guard file.size ?? 0 <= 64 << 20 else { return nil }
                        try fetch(file, pinned, tally)
                    }
                    return cache.contents(name, repository, commit)
                },
                all: list ?? []
            )
        )
    }

    /// How many of a file's bytes are here already.
    private func presentBytes(_ file: RemoteFile) -> Int {
        if CacheFile.size(at: cache.blob(repository, file.tag)) != nil { return file.size ?? 0 }
        let present = CacheFile.size(at: cache.partialBlob(repository, file.tag)) ?? 0
        return present <= file.size ?? .max ? present : 0
    }

    private func requireRoom(_ files: [RemoteFile], present: Int) throws(HubError) {
        let needed = files.reduce(0) { $0 + ($1.size ?? 0) } - present
        guard needed > 0, let free = cache.freeBytes(), free < needed + Self.slack else { return }
        throw .noSpace(needed: needed + Self.slack, available: free, path: cache.directory)
    }

    // MARK: - File by file

    private func fetch(_ file: RemoteFile, _ pinned: HubRequest, _ tally: Tally) throws(HubError) {
        let lock = try BlobLock(
            cache.lock(repository, file.tag),
            isCancelled: client.isCancelled,
            onWait: { client.tell(.waitsForOther(file: file.name)) }
        )
        defer { withExtendedLifetime(lock) {} }
        let blob = cache.blob(repository, file.tag)
        var isNew = false
        if !cache.has(file.name, repository, pinned.revision), !isUsable(blob, file) {
            client.tell(.file(file.name, size: file.size))
            tally.fetched += try download(file, pinned, to: blob, done: tally.done)
            isNew = true
        }
        if !cache.has(file.name, repository, pinned.revision) {
            try cache.link(file.tag, as: file.name, repository, pinned.revision, isNew: isNew)
        }
        tally.done += file.size ?? CacheFile.size(at: blob) ?? 0
        client.tell(.progress(bytes: tally.done))
    }

    /// Whether a blob is there that may be what the hub describes; one that was cut by another client is fetched anew.
    private func isUsable(_ blob: String, _ file: RemoteFile) -> Bool {
        guard let size = CacheFile.size(at: blob), size == file.size ?? size else { return false }
        guard verifies else { return true }
        return (try? CacheFile.identity(of: blob, tag: file.tag)) == file.tag
    }

    /// Fetches a blob; how many bytes came.
    private func download(
        _ file: RemoteFile,
        _ pinned: HubRequest,
        to blob: String,
        done: Int
    ) throws(HubError) -> Int {
        let partial = try PartialBlob(
            path: cache.partialBlob(repository, file.tag),
            tag: file.tag,
            size: file.size
        )
        let download = HubDownload(client: client, request: pinned, file: file)
        var fetched = 0
        for isLast in [false, true] {
            let resumed = partial.count
            try download.run(into: partial) { client.tell(.progress(bytes: done + $0)) }
            fetched += max(0, partial.count - resumed)
            if try partial.isRight() { break }
            try partial.reset()
            // What was left of an earlier try may have been damaged when the machine lost power; once more, from the start.
            guard !isLast, resumed > 0 else { throw .corrupt("\(repository)", file: file.name) }
        }
        guard rename(partial.path, blob) == 0 else { throw CacheFile.failure(blob) }
        CacheFile.settle(folder: CacheFile.parent(of: blob))
        return fetched
    }
}
