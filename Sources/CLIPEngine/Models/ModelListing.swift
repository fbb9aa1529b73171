/// A model that requests may name, for lists: where it is, and what it is if that is known.
public struct ModelListing: Equatable, Sendable {
    /// How far it is from answering.
    public enum State: String, Sendable {
        /// It answers.
        case loaded
        /// It is on its way into memory, or onto this machine.
        case loading
        /// The operator named its directory.
        case configured
        /// A request may bring it, and all of its files are on this machine.
        case cached
        /// A request may bring it, and its files have to be fetched first.
        case known
    }

    /// What requests call it.
    public let name: String
    /// Whether requests that name no model get this one.
    public let isDefault: Bool
    /// How far it is.
    public internal(set) var state: State
    /// The repository that it comes from; nil for a directory of somebody's.
    public let origin: ModelOrigin?
    /// Where its files are; nil where they have to be fetched.
    public let directory: String?
    /// Bytes to fetch; nil where there are none, or where their number is not known.
    public var byteCountToFetch: Int?
    /// Whether it is a Perception Encoder; nil where nothing but its name tells.
    public internal(set) var isPerceptionEncoder: Bool?
    /// What it is, where it is loaded.
    public internal(set) var description: ModelDescription?
}
