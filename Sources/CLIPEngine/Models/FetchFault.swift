/// Why the files of a model could not be brought, as far as it decides what is told and when it is tried again.
public enum FetchFault: Equatable, Sendable {
    /// It may pass: nobody is there, or whoever has the files wants to be left alone, for so many seconds if it says.
    case passing(retryAfterSeconds: Int?)
    /// There is no such model where models come from.
    case notFound
    /// There is one, but not for this machine: its owner wants conditions accepted, or a token.
    case closed
    /// There is one, which requests may not have: it is called otherwise by now.
    case notAllowed
    /// None of its files can be used.
    case unusable
    /// What came is not what was promised, or nothing that whoever has models would send; it comes so again.
    case corrupt
    /// It is not on this machine, and nothing may be fetched.
    case offline
    /// This machine cannot keep the files.
    case notKept
    /// The settings or libraries with which this machine fetches are wrong.
    case misconfigured
}

extension EmbeddingError {
    /// How long whoever has a model's files wants to be left alone; nil where it does not say.
    var wantedPause: Duration? {
        guard case .modelNotFetched(_, _, .passing(let seconds?)) = self else { return nil }
        return .seconds(min(max(seconds, 0), Self.longestPause))
    }

    /// Whether what came of a model was corrupt, so that all of it comes again each time it is tried.
    var isCorruption: Bool {
        if case .modelNotFetched(_, _, .corrupt) = self { true } else { false }
    }

    /// An hour: whoever wants more is asked once an hour.
    private static let longestPause = 3600
}
