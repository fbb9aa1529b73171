/// Why the files of a model could not be fetched, as far as it decides what clients are told and when the fetch is
/// tried again.
public enum FetchFault: Equatable, Sendable {
    /// The fault may pass: the source of models is unreachable, or asks for a pause of this many seconds.
    case passing(retryAfterSeconds: Int?)
    /// The source of models has no such model.
    case notFound
    /// The model exists, but not for this machine: its owner requires a token, or that conditions are accepted.
    case closed
    /// The model exists, but requests may not load it: it has another name by now.
    case notAllowed
    /// The repository has no files that can be used.
    case unusable
    /// The files differ from what was announced, or are not what such a source would send; another try would fetch the
    /// same.
    case corrupt
    /// The model is not on this machine, and fetching is switched off.
    case offline
    /// This machine cannot store the files.
    case notKept
    /// The settings or libraries that fetching needs are wrong.
    case misconfigured
}

extension EmbeddingError {
    /// How long the source asks not to be contacted; nil if it does not say.
    var wantedPause: Duration? {
        guard case .modelNotFetched(_, _, .passing(let seconds?)) = self else { return nil }
        return .seconds(min(max(seconds, 0), Self.longestPause))
    }

    /// Whether the fetched files were corrupt, so that every retry would fetch all of them again.
    var isCorruption: Bool {
        if case .modelNotFetched(_, _, .corrupt) = self { true } else { false }
    }

    /// At most an hour: even if the source asks for more, it is contacted once an hour.
    private static let longestPause = 3600
}
