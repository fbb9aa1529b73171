/// What happens while a model is fetched, for those who show it.
public enum HubEvent: Equatable, Sendable {
    /// What is to be fetched is known: so many bytes, of which some are here from an earlier try. Nil where the hub does not say.
    case began(HubRequest, commit: String, totalBytes: Int?, presentBytes: Int)
    /// A file is being fetched.
    case file(String, size: Int?)
    /// So many bytes of all are here now.
    case progress(bytes: Int)
    /// Another process fetches the same file, and is waited for.
    case waitsForOther(file: String)
    /// Something went wrong, and is tried again after a pause.
    case retries(HubError, pause: Duration)
    /// The hub could not be asked; what is in the cache is used.
    case usesCache(HubError, commit: String)
    /// Another state than was asked for is used, as only that is in the cache.
    case usesOther(HubRequest, commit: String)
    /// The hub has another name for a repository, under which it is kept.
    case renamed(HubRepository, to: HubRepository)
    /// A file in the cache was not what the hub says; it is thrown away and fetched again.
    case damaged(file: String)
}

/// A model's files on this machine.
public struct HubSnapshot: Equatable, Sendable {
    /// Where they come from.
    public let repository: HubRepository
    /// The state of the repository that they are of.
    public let commit: String
    /// The folder that they are in.
    public let directory: String
    /// The files of it that the model needs.
    public let files: [String]
    /// How many bytes they have together.
    public let byteCount: Int
    /// How many of those came over the network just now.
    public let fetchedBytes: Int
    /// Those of the files that were compared with nothing: nobody looked, or nothing says what their bytes should be.
    public internal(set) var unverified: [String]
}
