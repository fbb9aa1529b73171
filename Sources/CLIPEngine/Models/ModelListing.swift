/// A model that requests may name, as lists show it.
public struct ModelListing: Equatable, Sendable {
    /// How close the model is to answering.
    public enum State: String, Sendable {
        /// It answers.
        case loaded
        /// It is being fetched or loaded.
        case loading
        /// It is a configured model that is not in memory.
        case configured
        /// Requests may load it, and all of its files are on this machine.
        case cached
        /// Requests may load it, and its files have to be fetched first.
        case known
    }

    /// The name that requests use.
    public let name: String
    /// Whether requests that name no model get this one.
    public let isDefault: Bool
    /// How close it is to answering.
    public internal(set) var state: State
    /// The repository that it comes from; nil for a directory of the operator's own.
    public let origin: ModelOrigin?
    /// Where its files are; nil where they have to be fetched.
    public let directory: String?
    /// The bytes to fetch; nil if there are none, or if the number is unknown.
    public var byteCountToFetch: Int?
    /// Whether it is a Perception Encoder; nil if only its name could tell.
    public internal(set) var isPerceptionEncoder: Bool?
    /// Its description, if it is loaded.
    public internal(set) var description: ModelDescription?
}
