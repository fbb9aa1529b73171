internal import Foundation

/// The hub's cache on disk, in the layout of `huggingface_hub` 2.4, so that each program uses what the other has
/// fetched.
///
/// ```
/// CACHEDIR.TAG
/// .locks/models--OWNER--NAME/TAG.lock
/// models--OWNER--NAME/blobs/TAG
///                     refs/REVISION                  the commit
///                     snapshots/COMMIT/FILE          a link to ../../blobs/TAG
///                     .no_exist/COMMIT/FILE          empty: the repository has no such file
/// ```
struct HubCache: Sendable {
    let directory: String
    let usesLinks: Bool

    /// The bytes that have to stay free besides the files, for links, folders and other programs.
    static let slack = 16 << 20

    init(_ configuration: HubConfiguration) {
        directory = configuration.cacheDirectory
        usesLinks = configuration.usesLinks
    }

    // MARK: - Paths

    func folder(of repository: HubRepository) -> String { "\(directory)/\(repository.folder)" }

    func snapshot(_ repository: HubRepository, _ commit: String) -> String {
        "\(folder(of: repository))/snapshots/\(commit)"
    }

    func blob(_ repository: HubRepository, _ tag: String) -> String {
        "\(folder(of: repository))/blobs/\(tag)"
    }

    /// The path of an incomplete blob.
    ///
    /// The name is used only by this program, because what another client has begun may be wrong.
    func partialBlob(_ repository: HubRepository, _ tag: String) -> String {
        blob(repository, tag) + ".clip.incomplete"
    }

    func lock(_ repository: HubRepository, _ tag: String) -> String {
        "\(directory)/.locks/\(repository.folder)/\(tag).lock"
    }

    private func reference(_ request: HubRequest) -> String {
        "\(folder(of: request.repository))/refs/\(request.revision)"
    }

    /// The file with a repository's present name; other programs put only locks into this folder.
    private func newName(_ repository: HubRepository) -> String {
        "\(directory)/.locks/\(repository.folder)/renamed"
    }

    private func absence(_ repository: HubRepository, _ commit: String, _ file: String) -> String {
        "\(folder(of: repository))/.no_exist/\(commit)/\(file)"
    }

    // MARK: - What is there

    /// The commit of a revision when it was last asked for.
    func commit(of request: HubRequest) -> String? {
        if request.isPinned { return request.revision }
        guard let data = FileManager.default.contents(atPath: reference(request)), data.count <= 1000 else {
            return nil
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return HubRequest.isCommit(text) ? text : nil
    }

    /// The names under which a repository may be kept: the one asked for, and its name at the hub when it was fetched.
    func names(of repository: HubRepository) -> [HubRepository] {
        guard let data = FileManager.default.contents(atPath: newName(repository)), data.count <= 200,
            let name = try? HubRepository(String(decoding: data, as: UTF8.self)), name != repository
        else { return [repository] }
        return [repository, name]
    }

    /// The commits of which something is in the cache, the most recently fetched first.
    func commits(of repository: HubRepository) -> [String] {
        let folder = folder(of: repository) + "/snapshots"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter(HubRequest.isCommit).map { name -> (String, Date) in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return (name, attributes?[.modificationDate] as? Date ?? .distantPast)
        }.sorted { $0.1 > $1.1 }.map(\.0)
    }

    func has(_ file: String, _ repository: HubRepository, _ commit: String) -> Bool {
        FileManager.default.fileExists(atPath: snapshot(repository, commit) + "/" + file)
    }

    func isKnownAbsent(_ file: String, _ repository: HubRepository, _ commit: String) -> Bool {
        FileManager.default.fileExists(atPath: absence(repository, commit, file))
    }

    /// The bytes of a file of a snapshot; nil if it does not exist or has more than `limit`.
    func contents(
        _ file: String,
        _ repository: HubRepository,
        _ commit: String,
        limit: Int = 64 << 20
    ) -> Data? {
        let path = snapshot(repository, commit) + "/" + file
        guard let size = CacheFile.size(at: path), size <= limit else { return nil }
        return FileManager.default.contents(atPath: path)
    }

    // MARK: - What is written

    /// Makes the folders for a snapshot's files, and marks the cache so that backup programs skip it.
    func prepare(_ repository: HubRepository, _ commit: String) throws(HubError) {
        try CacheFile.makeFolder(folder(of: repository) + "/blobs")
        try CacheFile.makeFolder(snapshot(repository, commit))
        let tag = directory + "/CACHEDIR.TAG"
        guard CacheFile.size(at: tag) == nil else { return }
        // The cache works without this file.
        try? CacheFile.write(
            """
            Signature: 8a477f597d28d172789f06886806bc55
            # This file is a cache directory tag created by huggingface_hub.
            # For information about cache directory tags, see:
            #\thttps://bford.info/cachedir/

            """,
            to: tag
        )
    }

    /// Stores the commit of a revision.
    func note(_ commit: String, as request: HubRequest) throws(HubError) {
        guard !request.isPinned, self.commit(of: request) != commit else { return }
        try CacheFile.write(commit, to: reference(request))
    }

    /// Stores a repository's name at the hub, or that the name did not change; without this the hub is asked again.
    func note(_ repository: HubRepository, isCalled name: HubRepository) {
        guard names(of: repository).last != name else { return }
        if name == repository {
            unlink(newName(repository))
        } else {
            try? CacheFile.write("\(name)", to: newName(repository))
        }
    }

    /// Removes a file from a snapshot, but not the blob to which it links.
    func remove(_ file: String, _ repository: HubRepository, _ commit: String) throws(HubError) {
        let path = snapshot(repository, commit) + "/" + file
        guard unlink(path) == 0 || errno == ENOENT else { throw CacheFile.failure(path) }
    }

    /// Stores that a repository lacks a file; if this fails, the cache works all the same.
    func noteAbsence(of file: String, _ repository: HubRepository, _ commit: String) {
        let path = absence(repository, commit, file)
        guard CacheFile.size(at: path) == nil else { return }
        try? CacheFile.write("", to: path)
    }

    /// Gives a blob the name of a file in a snapshot.
    ///
    /// On a file system without links the file itself is put there, as by `huggingface_hub`: a new blob is moved, an
    /// older one copied.
    func link(
        _ tag: String,
        as file: String,
        _ repository: HubRepository,
        _ commit: String,
        isNew: Bool
    ) throws(HubError) {
        let path = snapshot(repository, commit) + "/" + file
        let blob = blob(repository, tag)
        try CacheFile.makeFolder(CacheFile.parent(of: path))
        if usesLinks {
            // The link goes up one folder for each part of the file's path below `snapshots/COMMIT`.
            let ups = String(repeating: "../", count: file.split(separator: "/").count + 1)
            let scratch = CacheFile.scratch(for: path)
            if symlink(ups + "blobs/\(tag)", scratch) == 0 {
                guard rename(scratch, path) == 0 else { throw CacheFile.failure(path) }
                return
            }
            guard [EPERM, ENOTSUP, ENOSYS, EOPNOTSUPP].contains(errno) else { throw CacheFile.failure(path) }
        }
        if isNew {
            guard rename(blob, path) == 0 else { throw CacheFile.failure(path) }
        } else {
            try CacheFile.copy(blob, to: path)
        }
    }

    /// The bytes that are free on the file system.
    func freeBytes() -> Int? {
        var information = statvfs()
        guard statvfs(directory, &information) == 0 else { return nil }
        let (bytes, isTooMany) = Int(information.f_bavail).multipliedReportingOverflow(
            by: Int(information.f_frsize)
        )
        return isTooMany ? .max : bytes
    }
}
