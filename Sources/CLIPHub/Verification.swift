internal import Foundation

/// Compares files of a commit with the digests that they should have.
struct Verification {
    let cache: HubCache
    let repository: HubRepository
    let commit: String

    /// What comes of a file.
    enum Finding {
        case right
        case damaged
        /// Nothing says what its bytes should be.
        case unknown
    }

    /// Compares a file that is there.
    ///
    /// - Parameter tag: what the hub says of the file. Where that is no digest, or nobody was asked, the name of the blob counts
    ///   that the file is a link to.
    func finding(of file: String, tag: String? = nil) throws(HubError) -> Finding {
        let path = cache.snapshot(repository, commit) + "/" + file
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        let names = [tag, target?.split(separator: "/").last.map(String.init)].compactMap { $0 }
        guard let digest = names.first(where: { BlobIdentity(tag: $0) != .opaque }) else { return .unknown }
        return try CacheFile.identity(of: path, tag: digest) == digest ? .right : .damaged
    }

    /// Those of some files that nothing can be compared with.
    ///
    /// - Parameter obstacle: why the hub cannot be asked, for the words of the error.
    /// - Throws: `damaged` for the first that is.
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
