internal import Foundation

/// The files of one commit on their way into the cache.
final class SnapshotFiles {
    private let client: HubClient
    private let cache: HubCache
    /// The request to the hub, which asks for the commit.
    private let request: HubRequest
    /// The repository to which they belong in the cache.
    private let home: HubRepository
    private var described: [String: RemoteFile] = [:]
    /// The files whose bytes agree with their digest.
    private var verified: Set<String> = []
    /// The files that were reported as different.
    private var damaged: Set<String> = []
    /// The bytes that came over the network.
    private(set) var fetchedBytes = 0
    /// The bytes of finished files.
    var doneBytes = 0

    init(client: HubClient, cache: HubCache, request: HubRequest, home: HubRepository) {
        self.client = client
        self.cache = cache
        self.request = request
        self.home = home
    }

    private var commit: String { request.revision }

    func has(_ name: String) -> Bool { cache.has(name, home, commit) }

    func contents(_ name: String) -> Data? { cache.contents(name, home, commit) }

    /// The files among these that were not compared with a digest.
    func unverified(of names: [String]) -> [String] { names.filter { !verified.contains($0) } }

    /// The hub's description of a file, which is asked for once.
    func description(of name: String) throws(HubError) -> RemoteFile {
        if let file = described[name] { return file }
        let file = try client.describe(name, of: request)
        described[name] = file
        return file
    }

    /// The number of a file's bytes that are already here.
    func presentBytes(of file: RemoteFile) -> Int {
        if CacheFile.size(at: cache.blob(home, file.tag)) != nil { return file.size ?? 0 }
        let present = CacheFile.size(at: cache.partialBlob(home, file.tag)) ?? 0
        return present <= file.size ?? AnswerFields.mostBytes ? present : 0
    }

    /// Compares a file in the cache with what the hub says about it, and removes it if it differs.
    func verify(_ name: String) throws(HubError) {
        guard has(name), !verified.contains(name) else { return }
        let verification = Verification(cache: cache, repository: home, commit: commit)
        switch try verification.finding(of: name, tag: try description(of: name).tag) {
        case .right: verified.insert(name)
        case .unknown: break
        case .damaged:
            // The blob stays until another takes its place, because other states may link to it.
            try cache.remove(name, home, commit)
            tellDamage(of: name)
        }
    }

    private func tellDamage(of name: String) {
        if damaged.insert(name).inserted { client.tell(.damaged(file: name)) }
    }

    /// Fetches a file, or gives the file's name to a blob that is already right.
    ///
    /// - Parameter limit: the most bytes if the hub does not say how many there are.
    func fetch(_ name: String, limit: Int) throws(HubError) {
        let file = try description(of: name)
        let lock = try BlobLock(
            cache.lock(home, file.tag),
            isCancelled: client.isCancelled,
            onWait: { client.tell(.waitsForOther(file: file.name)) }
        )
        defer { withExtendedLifetime(lock) {} }
        let blob = cache.blob(home, file.tag)
        // Another process may have fetched it meanwhile.
        try verify(name)
        if !has(name) {
            let isNew = try !isUsable(blob, file)
            if isNew {
                client.tell(.file(name, size: file.size))
                fetchedBytes += try download(file, to: blob, limit: limit)
            }
            try cache.link(file.tag, as: name, home, commit, isNew: isNew)
            if BlobIdentity(tag: file.tag) != .opaque { verified.insert(name) }
        }
        doneBytes += file.size ?? CacheFile.size(at: "\(cache.snapshot(home, commit))/\(name)") ?? 0
        client.tell(.progress(bytes: doneBytes))
    }

    /// Whether a blob agrees with the hub's description; a shortened or damaged one is fetched again.
    private func isUsable(_ blob: String, _ file: RemoteFile) throws(HubError) -> Bool {
        guard let size = CacheFile.size(at: blob), size == file.size ?? size else { return false }
        guard try CacheFile.identity(of: blob, tag: file.tag) == file.tag else {
            tellDamage(of: file.name)
            return false
        }
        return true
    }

    /// Fetches a blob and returns the number of bytes that came.
    private func download(_ file: RemoteFile, to blob: String, limit: Int) throws(HubError) -> Int {
        let partial = try PartialBlob(
            path: cache.partialBlob(home, file.tag),
            tag: file.tag,
            size: file.size,
            limit: limit,
            freeBytes: cache.freeBytes
        )
        let download = HubDownload(client: client, request: request, file: file)
        var fetched = 0
        for isLast in [false, true] {
            let resumed = partial.count
            try download.run(into: partial) { client.tell(.progress(bytes: doneBytes + $0)) }
            fetched += max(0, partial.count - resumed)
            if try partial.isRight() { break }
            try partial.reset()
            // The rest of an earlier try may have been damaged by a loss of power, so the file is fetched once more
            // from the start.
            guard !isLast, resumed > 0 else {
                throw .corrupt("\(request.repository)", file: file.name)
            }
        }
        guard rename(partial.path, blob) == 0 else { throw CacheFile.failure(blob) }
        CacheFile.settle(folder: CacheFile.parent(of: blob))
        return fetched
    }
}
