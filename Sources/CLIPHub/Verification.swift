internal import Foundation

/// Compares files of a commit with the digests that they should have.
struct Verification {
    let cache: HubCache
    let repository: HubRepository
    let commit: String

    /// The result for a file.
    enum Finding {
        case right
        case damaged
        /// Nothing says what the file's bytes should be.
        case unknown
    }

    /// Compares a file in the cache with its digest.
    ///
    /// - Parameter tag: the hub's tag of the file. If it is nil or not a digest, the name of the blob to which the file
    ///   links is used.
    func finding(of file: String, tag: String? = nil) throws(HubError) -> Finding {
        let path = cache.snapshot(repository, commit) + "/" + file
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        let names = [tag, target?.split(separator: "/").last.map(String.init)].compactMap { $0 }
        guard let digest = names.first(where: { BlobIdentity(tag: $0) != .opaque }) else { return .unknown }
        return try CacheFile.identity(of: path, tag: digest) == digest ? .right : .damaged
    }

    /// The files among these that cannot be compared with anything.
    ///
    /// - Parameter obstacle: why the hub cannot be asked, for the words of the error.
    /// - Throws: `damaged` for the first damaged file.
    func unverified(of files: [String], obstacle: HubError?) throws(HubError) -> [String] {
        var unknown: [String] = []
        for file in files {
            switch try finding(of: file) {
            case .right: break
            case .unknown: unknown.append(file)
            case .damaged:
                throw .damaged("\(repository)", file: file, obstacle: obstacle.map { "\($0)" })
            }
        }
        return unknown
    }
}
