internal import Foundation

/// Compares the blobs of a commit with what their names say.
struct Verification {
    let cache: HubCache
    let repository: HubRepository
    let commit: String

    /// The first file of which the bytes are other ones; nil where all are right.
    ///
    /// What is no link to a blob has no name that says anything.
    ///
    /// - Parameter isRemoved: whether blob and link are taken away, so that they are fetched anew, and the search goes on.
    func corruptFile(isRemoved: Bool) throws(HubError) -> String? {
        let folder = cache.snapshot(repository, commit)
        var found: String?
        let names = FileManager.default.enumerator(atPath: folder)
        while let name = names?.nextObject() as? String {
            let path = "\(folder)/\(name)"
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path),
                let tag = target.split(separator: "/").last.map(String.init),
                BlobIdentity(tag: tag) != .opaque
            else { continue }
            guard try CacheFile.identity(of: path, tag: tag) != tag else { continue }
            found = found ?? name
            guard isRemoved else { return name }
            unlink(cache.blob(repository, tag))
            unlink(path)
        }
        return found
    }
}
