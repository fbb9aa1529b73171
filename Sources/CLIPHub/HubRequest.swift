/// A repository at one of its states: a branch, a tag, `refs/pr/7` or a commit.
public struct HubRequest: Hashable, Sendable, CustomStringConvertible {
    /// The repository.
    public let repository: HubRepository
    /// Which of its states; `main` where nothing else was asked for.
    public let revision: String

    /// What a repository's newest state is called.
    public static let main = "main"

    /// Asks for a state of a repository.
    ///
    /// - Throws: `invalidRevision` where git would know no such name, or it would be another path of the cache.
    public init(repository: HubRepository, revision: String = main) throws(HubError) {
        guard Self.isRevision(revision) else { throw .invalidRevision(revision) }
        self.repository = repository
        self.revision = revision
    }

    /// Reads `owner/name` or `owner/name@revision`.
    public init(_ text: String) throws(HubError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let repository = try HubRepository(String(parts[0]))
        try self.init(repository: repository, revision: parts.count > 1 ? String(parts[1]) : Self.main)
    }

    /// Whether the revision is a commit, which never changes.
    public var isPinned: Bool { Self.isCommit(revision) }

    /// As ``init(_:)`` reads it.
    public var description: String {
        revision == Self.main ? "\(repository)" : "\(repository)@\(revision)"
    }

    /// Whether a text is a whole commit: 40 hexadecimal digits in lower case.
    package static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// Git's rules for names, and that each part is a name of a file below `refs/`.
    private static func isRevision(_ text: String) -> Bool {
        guard (1...200).contains(text.utf8.count), !text.hasSuffix(".lock"), !text.contains("..") else {
            return false
        }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.first != "." && part.first != "-" && part.last != "."
                && part.utf8.allSatisfy { byte in
                    (0x21...0x7E).contains(byte) && !Array("~^:?*[\\\"<>|".utf8).contains(byte)
                }
        }
    }
}
