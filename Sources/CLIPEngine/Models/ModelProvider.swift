/// Where a checkpoint came from: a repository of models and a revision of it.
public struct ModelOrigin: Equatable, Sendable {
    /// The name, such as `timm/vit_base_patch32_clip_224.openai`.
    public var repository: String
    /// The commit in hexadecimal digits; nil if it is not known yet.
    public var revision: String?
    /// The licence, such as `mit`; nil if the repository does not state it.
    public var licence: String?

    /// Names a repository.
    public init(repository: String, revision: String? = nil, licence: String? = nil) {
        self.repository = repository
        self.revision = revision
        self.licence = licence
    }
}

/// A source of models: the names that it knows, and a way to get from a name to a checkpoint directory.
///
/// The engine asks it only for models that ``EngineConfiguration/allowedModels`` lets requests name, and for configured
/// models without a directory.
public struct ModelProvider: Sendable {
    /// A model that the provider knows.
    public struct Offer: Equatable, Sendable {
        /// The name that requests use, such as `ViT-B-32`.
        public var name: String
        /// The repository that it comes from; nil for a model that is only in a directory of this machine.
        public var origin: ModelOrigin?
        /// The directory of its files if all of them are on this machine; nil if some have to be fetched.
        public var directory: String?
        /// The bytes to fetch if it is not on this machine; nil if the number is unknown.
        public var byteCount: Int?

        /// Makes an offer.
        public init(
            name: String,
            origin: ModelOrigin? = nil,
            directory: String? = nil,
            byteCount: Int? = nil
        ) {
            self.name = name
            self.origin = origin
            self.directory = directory
            self.byteCount = byteCount
        }
    }

    /// The names that the provider knows; they never change.
    public let names: [String]
    /// The one of ``names`` that another spelling stands for, such as `ViT-B/32`; nil if there is none.
    public let knownName: @Sendable (_ name: String) -> String?
    /// Whether a name can be a repository's, by the rules of the source; the provider is never asked to locate other
    /// names.
    public let isRepository: @Sendable (_ name: String) -> Bool
    /// The models that the provider knows at this moment, in the order in which lists show them; it may read the disk.
    public let offers: @Sendable () -> [Offer]
    /// The place of a model whose files are all on this machine; nil if some have to be fetched.
    ///
    /// It reads the disk and does not use the network.
    public let here: @Sendable (_ name: String) -> ModelSource?
    /// Fetches the files of a model to this machine, which may take minutes, and returns their place.
    ///
    /// The name is one of ``names``, a configured model without a directory, or `owner/repository`. The engine runs
    /// only a few calls at once; a call that waits before it goes on passes the length of the wait to `onPause`, and
    /// another has its place meanwhile. Cancelling the task ends the call. It throws `modelNotFetched`, with a sentence
    /// that says what went wrong.
    public let locate:
        @Sendable (
            _ name: String, _ onPause: @escaping @Sendable (Duration) -> Void
        ) async throws(EmbeddingError) -> ModelSource

    /// A provider made of these functions.
    ///
    /// By default, names have no other spellings, and there are no repositories.
    public init(
        names: [String],
        knownName: (@Sendable (_ name: String) -> String?)? = nil,
        isRepository: @escaping @Sendable (_ name: String) -> Bool = { _ in false },
        offers: @escaping @Sendable () -> [Offer],
        here: @escaping @Sendable (_ name: String) -> ModelSource? = { _ in nil },
        locate:
            @escaping @Sendable (
                _ name: String, _ onPause: @escaping @Sendable (Duration) -> Void
            ) async throws(EmbeddingError) -> ModelSource
    ) {
        let all = Set(names)
        self.names = names
        self.knownName = knownName ?? { all.contains($0) ? $0 : nil }
        self.isRepository = isRepository
        self.offers = offers
        self.here = here
        self.locate = locate
    }
}
