/// Why a model could not be fetched from the hub.
public enum HubError: Error, Equatable, Sendable {
    /// The name is neither a known one nor `owner/name`.
    case invalidName(String)
    /// The name has no owner and is not a known one; `similar` are known names like it.
    case unknownName(String, similar: [String])
    /// The name is the address of a page; `name` is the name to use instead, if there is one.
    case address(String, name: String?)
    /// The revision cannot be the name of a branch, a tag or a commit.
    case invalidRevision(String)
    /// The repository does not exist, or it is private and the token, if there is one, does not open it.
    case repositoryNotFound(String, hasToken: Bool)
    /// The repository has no such branch, tag or commit.
    case revisionNotFound(String, revision: String)
    /// The repository has no such file at that revision.
    case fileNotFound(String, file: String)
    /// The repository's owner requires that its conditions are accepted first.
    case gated(String, hasToken: Bool)
    /// The hub does not know the token.
    case invalidToken
    /// The hub gives another repository instead, which may not be used here.
    case renamed(String, to: String)
    /// The token does not give the right to read the repository, or the repository is disabled.
    case forbidden(String)
    /// The hub asks for fewer requests, after a number of seconds if it says so.
    case tooManyRequests(host: String, seconds: Int?)
    /// The server repeated this error status, or sent a status that makes no sense here.
    case badStatus(Int, host: String)
    /// No answer came, for this reason.
    case unreachable(host: String, ConnectionFault)
    /// The network is switched off, and the cache lacks needed files; `cached` are the commits that are complete.
    case offline(String, revision: String, cached: [String])
    /// The network is switched off, and the cache does not tell whether the repository has a file that changes
    /// embeddings.
    case unsettled(String, file: String)
    /// None of the repository's files can be used, for this reason.
    case noUsableFiles(String, FileDefect)
    /// A file in the cache has wrong bytes; `obstacle` says why it cannot be fetched again, and is nil if nobody wants
    /// that.
    case damaged(String, file: String, obstacle: String?)
    /// The received bytes are not those that the hub promised.
    case corrupt(String, file: String)
    /// The number of received bytes is not the one that the hub promised.
    case wrongSize(file: String, expected: Int, received: Int)
    /// A redirect is not allowed.
    case redirectRefused(host: String, RedirectDefect)
    /// The server's answer is not that of a hub.
    case invalidAnswer(host: String, AnswerDefect)
    /// The file system has too little room.
    case noSpace(needed: Int, available: Int, path: String)
    /// A file of the cache cannot be written or read, for the system's reason.
    case cacheUnusable(path: String, reason: String)
    /// The caller does not want the model any more.
    case cancelled
    /// libcurl or the library for digests cannot be used.
    case transportUnavailable
    /// The settings' problems, one sentence each.
    case invalidConfiguration([String])
}

/// Why a connection gave no complete answer.
public enum ConnectionFault: Equatable, Sendable {
    /// The host's name has no address, or there is no network.
    case hostNotFound
    /// The proxy's name has no address, or the proxy refuses.
    case proxy
    /// No server accepts connections there, or a firewall refuses them.
    case refused
    /// The certificate is not trusted, or is for another name.
    case certificate
    /// The connection could not be secured, for another reason.
    case notSecured
    /// No bytes came for the allowed time.
    case stalled
    /// The connection broke in the middle.
    case lost
    /// The answer is not HTTP.
    case notHTTP
    /// This program ended the connection, because it wanted only the header.
    case stopped
}

/// Why none of a repository's files can be used.
public enum FileDefect: Equatable, Sendable {
    /// There are weights, but only as pickles, which may run code.
    case onlyPickles([String])
    /// There is no configuration of a known kind, or only timm's own for an image tower.
    case noConfiguration([String])
    /// There is a configuration, but no weights of a known kind.
    case noWeights([String])
    /// This file is a configuration, but not one that transformers writes for a model.
    case foreignConfiguration(String)
    /// The code that builds networks refuses this configuration, with this sentence.
    case notBuilt(file: String, reason: String)
    /// This file, which decides what is needed, cannot be read.
    case unreadable(String)
}

/// Why a redirect is not followed.
public enum RedirectDefect: Equatable, Sendable {
    /// The redirect leads from https to something else.
    case notSecure
    /// The redirect leads to something that is not a URL of http or https, or that has a user name.
    case notHTTP
    /// There are more redirects than this.
    case tooMany(Int)
    /// The redirect names no target.
    case nowhere
}

/// What is missing from a hub's answer, or wrong with it.
public enum AnswerDefect: Equatable, Sendable {
    /// `X-Repo-Commit` is missing or no commit.
    case noCommit
    /// `ETag` is missing or cannot be a file's name.
    case noTag
    /// The size of a file is one that no file has.
    case noSize(file: String)
    /// The hub gives another commit than the one that was asked for.
    case otherCommit(asked: String, given: String)
    /// A file belongs to another commit than the one that was asked for.
    case otherFile(String, asked: String, given: String)
    /// The size of a file is not given, and it has more bytes than any such file.
    case endlessBody(file: String)
    /// The file changed while it was fetched.
    case changed
    /// The answer begins at another byte than the one that was asked for.
    case wrongRange
    /// The header does not end.
    case endlessHeader
}
