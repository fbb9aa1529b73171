internal import Foundation

/// A repository in one of its states: a branch, a tag, `refs/pr/7` or a commit.
public struct HubRequest: Hashable, Sendable, CustomStringConvertible {
    /// The repository.
    public let repository: HubRepository
    /// The state; `main` unless another was asked for.
    public let revision: String
    /// Whether only this state may be used; if false, any cached state may replace it when it is not available.
    public let isExact: Bool

    /// The name of a repository's newest state.
    public static let main = "main"

    /// Asks for a state of a repository.
    ///
    /// - Throws: `invalidRevision` if git allows no such name, or if it would lead to another path in the cache.
    public init(repository: HubRepository, revision: String = main) throws(HubError) {
        try self.init(repository: repository, revision: revision, isExact: revision != Self.main)
    }

    init(repository: HubRepository, revision: String, isExact: Bool) throws(HubError) {
        guard Self.isRevision(revision) else { throw .invalidRevision(revision) }
        self.init(of: repository, revision, isExact)
    }

    private init(of repository: HubRepository, _ revision: String, _ isExact: Bool) {
        self.repository = repository
        self.revision = revision
        self.isExact = isExact
    }

    /// The same state of a repository under another name.
    func of(_ repository: HubRepository) -> HubRequest { HubRequest(of: repository, revision, isExact) }

    /// Reads `owner/name` or `owner/name@revision`.
    ///
    /// - Throws: `address` for the address of a page, with what to write instead.
    public init(_ text: String) throws(HubError) {
        guard !Self.isOpenCLIPName(text) else {
            let name = String(text.dropFirst(Self.openCLIPPrefix.count))
            throw .address(text, name: (try? HubRequest(name)).map(String.init(describing:)))
        }
        guard !Self.isAddress(text) else { throw .address(text, name: Self.name(ofPage: text)) }
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let repository = try HubRepository(String(parts[0]))
        try self.init(repository: repository, revision: parts.count > 1 ? String(parts[1]) : Self.main)
    }

    /// Whether the revision is a commit, which never changes.
    public var isPinned: Bool { Self.isCommit(revision) }

    /// The text that ``init(_:)`` reads.
    public var description: String {
        revision == Self.main ? "\(repository)" : "\(repository)@\(revision)"
    }

    /// Whether a text is a complete commit: 40 hexadecimal digits in lower case.
    package static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// Whether a text is the address of a page rather than a name.
    package static func isAddress(_ text: String) -> Bool {
        ["http://", "https://"].contains { text.lowercased().hasPrefix($0) }
    }

    private static let openCLIPPrefix = "hf-hub:"

    /// Whether a text is a repository in open_clip's spelling, `hf-hub:OWNER/NAME`.
    static func isOpenCLIPName(_ text: String) -> Bool { text.hasPrefix(openCLIPPrefix) }

    /// The repository of a page such as `https://huggingface.co/a/b/tree/main`; nil for other pages.
    private static func name(ofPage address: String) -> String? {
        let parts = address.prefix { !"?#".contains($0) }.split(separator: "/").dropFirst(2).map {
            String($0).removingPercentEncoding ?? String($0)
        }
        let others = [
            "api", "collections", "datasets", "docs", "models", "organizations", "papers", "spaces",
        ]
        guard parts.count >= 2, !others.contains(parts[0]),
            let repository = try? HubRepository("\(parts[0])/\(parts[1])")
        else { return nil }
        let isOfRevision = parts.count >= 4 && ["blob", "commit", "resolve", "tree"].contains(parts[2])
        let request = try? HubRequest(
            repository: repository,
            revision: isOfRevision ? parts[3] : Self.main
        )
        return request.map(String.init(describing:))
    }

    /// Whether a revision follows git's rules for names, and each of its parts can be a file name below `refs/`.
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
