/// Why a model could not be had from the hub.
public enum HubError: Error, Equatable, Sendable {
    /// Neither a name that is known here nor `owner/name`.
    case invalidName(String)
    /// A name without an owner that is not among those that are known; `similar` are.
    case unknownName(String, similar: [String])
    /// An address of a page where a name is wanted, and what that would be.
    case address(String, name: String?)
    /// What no branch, tag or commit can be called.
    case invalidRevision(String)
    /// There is no such repository, or it is private and the token, if there is one, does not open it.
    case repositoryNotFound(String, hasToken: Bool)
    /// The repository has no such branch, tag or commit.
    case revisionNotFound(String, revision: String)
    /// The repository has no such file at that revision.
    case fileNotFound(String, file: String)
    /// The repository's owner wants its conditions to be accepted first.
    case gated(String, hasToken: Bool)
    /// The hub does not know the token.
    case invalidToken
    /// The hub gives another repository for the one that was asked for, which may not be used here.
    case renamed(String, to: String)
    /// The token does not allow to read the repository, or it is disabled.
    case forbidden(String)
    /// The hub wants fewer requests, for so many seconds if it says.
    case tooManyRequests(host: String, seconds: Int?)
    /// The server answered with this status again and again, or with one that makes no sense here.
    case badStatus(Int, host: String)
    /// No answer, for this reason.
    case unreachable(host: String, ConnectionFault)
    /// The network is switched off, and the cache lacks what is needed; whole are these commits.
    case offline(String, revision: String, cached: [String])
    /// The network is switched off, and another program left it open whether the repository has a file that changes numbers.
    case unsettled(String, file: String)
    /// Nothing among the repository's files can be used, for the given reason.
    case noUsableFiles(String, FileDefect)
    /// The bytes of a file in the cache are not those that it should have; why it is not fetched anew, nil where nobody wants that.
    case damaged(String, file: String, obstacle: String?)
    /// The bytes that came are not those that the hub promised.
    case corrupt(String, file: String)
    /// More or fewer bytes came than the hub promised.
    case wrongSize(file: String, expected: Int, received: Int)
    /// A redirect leads where none may.
    case redirectRefused(host: String, RedirectDefect)
    /// The server's answer is not that of a hub.
    case invalidAnswer(host: String, AnswerDefect)
    /// The file system has too little room.
    case noSpace(needed: Int, available: Int, path: String)
    /// A file of the cache cannot be written or read; the system's reason.
    case cacheUnusable(path: String, reason: String)
    /// Whoever asked does not want it any more.
    case cancelled
    /// libcurl or the library for digests cannot be used.
    case transportUnavailable
    /// The settings' problems, one sentence each.
    case invalidConfiguration([String])
}

/// Why a connection gave no answer.
public enum ConnectionFault: Equatable, Sendable {
    /// The host's name has no address, or the network is off.
    case hostNotFound
    /// The proxy's name has no address, or it refuses.
    case proxy
    /// Nobody listens there, or a firewall refuses.
    case refused
    /// The certificate is not trusted, or is for another name.
    case certificate
    /// The connection could not be secured, for another reason.
    case notSecured
    /// Nothing came for the time that is allowed.
    case stalled
    /// It broke in the middle.
    case lost
    /// What came is not HTTP.
    case notHTTP
    /// We ended it ourselves: the header was all that was wanted.
    case stopped
}

/// Why none of a repository's files can be used.
public enum FileDefect: Equatable, Sendable {
    /// Weights are there, but as pickles, which may run code.
    case onlyPickles([String])
    /// There is no configuration of a kind that is known, or it is timm's own for an image tower.
    case noConfiguration([String])
    /// There is a configuration but no weights of a kind that is known.
    case noWeights([String])
    /// This file is a configuration, but not one that transformers writes for a model.
    case foreignConfiguration(String)
    /// Whoever builds networks refuses this configuration, with a sentence.
    case notBuilt(file: String, reason: String)
    /// This file, which decides what is needed, cannot be read.
    case unreadable(String)
}

/// Why a redirect is not followed.
public enum RedirectDefect: Equatable, Sendable {
    /// From https to something else.
    case notSecure
    /// To something that is no URL of http or https, or has a user's name.
    case notHTTP
    /// More of them than this.
    case tooMany(Int)
    /// None is named.
    case nowhere
}

/// What is missing from a hub's answer, or wrong with it.
public enum AnswerDefect: Equatable, Sendable {
    /// `X-Repo-Commit` is missing or no commit.
    case noCommit
    /// `ETag` is missing or cannot be a file's name.
    case noTag
    /// The size of a file is a number that no file has.
    case noSize(file: String)
    /// A commit was asked for, and another is given.
    case otherCommit(asked: String, given: String)
    /// A file is of another commit than was asked for.
    case otherFile(String, asked: String, given: String)
    /// A file's size is not told, and it has more bytes than any such file.
    case endlessBody(file: String)
    /// The file changed while it was fetched.
    case changed
    /// It begins elsewhere than was asked.
    case wrongRange
    /// It has header fields without end.
    case endlessHeader
}
