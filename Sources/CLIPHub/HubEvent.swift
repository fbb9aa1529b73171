/// What happens while a model is fetched, for display.
public enum HubEvent: Equatable, Sendable {
    /// The download begins: `totalBytes` are needed, nil if the hub does not say, and `presentBytes` are here from an
    /// earlier try.
    case began(HubRequest, commit: String, totalBytes: Int?, presentBytes: Int)
    /// The download of a file begins.
    case file(String, size: Int?)
    /// This many bytes of the total are here now.
    case progress(bytes: Int)
    /// Another process fetches the same file, which this one waits for.
    case waitsForOther(file: String)
    /// A request failed, and will be repeated after a pause.
    case retries(HubError, pause: Duration)
    /// The hub could not be asked; the cache is used.
    case usesCache(HubError, commit: String)
    /// Another state than the requested one is used, because only that is in the cache.
    case usesOther(HubRequest, commit: String)
    /// The hub has another name for a repository, under which it will be kept.
    case renamed(HubRepository, to: HubRepository)
    /// A file in the cache differs from what the hub says; it is removed and fetched again.
    case damaged(file: String)
}

/// A model's files on this machine.
public struct HubSnapshot: Equatable, Sendable {
    /// The repository of the files.
    public let repository: HubRepository
    /// The state of the repository to which the files belong.
    public let commit: String
    /// The folder of the files.
    public let directory: String
    /// The files in the folder that the model needs.
    public let files: [String]
    /// The bytes of all these files.
    public let byteCount: Int
    /// The number of these bytes that came over the network just now.
    public let fetchedBytes: Int
    /// The files that were not compared with a digest, because nobody asked or nothing says what it should be.
    public internal(set) var unverified: [String]
}
