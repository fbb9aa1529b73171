/// Where a checkpoint came from, for lists: a repository of models, at one of its states.
public struct ModelOrigin: Equatable, Sendable {
    /// Such as `timm/vit_base_patch32_clip_224.openai`.
    public var repository: String
    /// The commit, in hexadecimal digits; nil where it is not known yet.
    public var revision: String?
    /// Such as `mit`; nil where nobody says.
    public var licence: String?

    /// Names a repository.
    public init(repository: String, revision: String? = nil, licence: String? = nil) {
        self.repository = repository
        self.revision = revision
        self.licence = licence
    }
}

/// What brings models whose files are not known: the names that it knows, and the way from a name to a checkpoint directory.
///
/// The engine asks it only for what ``EngineConfiguration/allowedModels`` lets requests name, and for configured models without a
/// directory.
public struct ModelProvider: Sendable {
    /// A model that is known by a name.
    public struct Offer: Equatable, Sendable {
        /// What requests call it, such as `ViT-B-32`.
        public var name: String
        /// Where it comes from; nil for one that is in a directory of this machine and nowhere else.
        public var origin: ModelOrigin?
        /// The directory of its files where all of them are on this machine; nil where some have to be fetched.
        public var directory: String?
        /// Bytes to fetch of one that is not here; nil where that is not known.
        public var byteCount: Int?

        /// Offers a model.
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

    /// The names that are known, which stay the same.
    public let names: [String]
    /// The one of ``names`` that a name means which may be spelled in another way, such as `ViT-B/32`; nil for what means none.
    public let knownName: @Sendable (_ name: String) -> String?
    /// Whether a name can be that of a repository, by the rules of where they are; what cannot is never asked for.
    public let isRepository: @Sendable (_ name: String) -> Bool
    /// What is known of them at this moment, in the order in which lists show it; may look at the disk.
    public let offers: @Sendable () -> [Offer]
    /// Where a model is whose files are all on this machine; nil where some have to be fetched.
    ///
    /// Looks at the disk, and at nothing else.
    public let here: @Sendable (_ name: String) -> ModelSource?
    /// Brings the files of a model to this machine, which may take minutes, and says where they are.
    ///
    /// The name is one of ``names``, that of a configured model without a directory, or `owner/repository`. Only a few are asked
    /// for at once; one that waits before it goes on by itself calls `onPause` with how long, and others have its place meanwhile.
    /// Cancelling the task ends it. It throws `modelNotFetched` with a sentence for what went wrong.
    public let locate:
        @Sendable (
            _ name: String, _ onPause: @escaping @Sendable (Duration) -> Void
        ) async throws(EmbeddingError) -> ModelSource

    /// A provider of these.
    ///
    /// Where nothing else is said, names mean themselves, and there are no repositories.
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
