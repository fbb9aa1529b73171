/// Why an image could not be fetched, in facts and never in a library's words.
///
/// A stranger who can read these errors learns, from the difference between ``hostNotFound`` and ``addressNotAllowed``,
/// whether a name exists in the server's own name service. No error carries the address itself.
public enum FetchingError: Error, Equatable, Sendable {
    /// The URL as given cannot be used.
    case invalidURL(URLDefect)
    /// The server redirected to a URL that cannot be used.
    case invalidRedirect(URLDefect)
    /// The URL, or one that it redirects to, has this scheme, which is neither `http` nor `https`.
    case schemeNotAllowed(String)
    /// Every address of the host, or of one that it redirects to, is refused by the address policy.
    case addressNotAllowed
    /// The host, or one that it redirects to, is not on the list of allowed hosts.
    case hostNotAllowed(String)
    /// The host, or one that it redirects to, is on the list of denied hosts.
    case hostDenied(String)
    /// The URL, or one that it redirects to, is not https, which the configuration requires.
    case secureConnectionRequired
    /// The host, or one that it redirects to, is an address or a name of a private network.
    ///
    /// The configuration requires names of the public name service.
    case publicNameRequired(host: String)
    /// The host's name has no address.
    case hostNotFound
    /// No address of the host accepted a connection.
    case connectionFailed
    /// The host's certificate is not trusted, or is for another name.
    case certificateNotTrusted
    /// The connection was made but could not be secured, for another reason than the certificate.
    case secureConnectionFailed
    /// The connection broke before an answer was there.
    case connectionLost
    /// A time limit of the whole fetch or of a step passed, or the answer was slower than the configuration allows.
    case timedOut
    /// There were more redirects than `limit`.
    case tooManyRedirects(limit: Int)
    /// The server's final answer had this status, which is not 2xx.
    case badStatus(Int)
    /// The answer has more than `limit` bytes.
    case tooManyBytes(limit: Int)
    /// The answer has this content encoding, which is not supported.
    case encodingNotSupported(String)
    /// The answer was announced as encoded, and is not, or is damaged.
    case badEncoding
    /// The answer ended before the length that it promised.
    case incompleteBody
    /// The answer was a success with nothing in it.
    case emptyBody
    /// The answer was not HTTP, or its header exceeded libcurl's limits.
    case invalidResponse
    /// No room for the answer's bytes became free in time.
    case noRoom
    /// Too many fetches wait for a place: `limit` in all, or half as many of the same client.
    case tooManyWaiting(limit: Int)
    /// The calling task was cancelled.
    case cancelled
    /// The fetcher was shut down before the answer was there.
    case shutDown
    /// The configuration's problems, one sentence each.
    case invalidConfiguration([String])
    /// libcurl could not start, or lacks something that safe fetching needs.
    case transportUnavailable
}

/// What is wrong with a URL.
public enum URLDefect: Equatable, Sendable {
    /// It has more than `limit` bytes.
    case tooLong(limit: Int)
    /// It has a control character, a blank at an end, or a blank or backslash before its path.
    ///
    /// Programs read those in different ways.
    case forbiddenCharacter
    /// It does not begin with a scheme, as in `https:`.
    case missingScheme
    /// No host follows the scheme.
    case missingHost
    /// The host has a character outside ASCII and no ASCII form; its `xn--` form may be given instead.
    case hostNotASCII
    /// The host is neither a name nor an address.
    case invalidHost
    /// The port is not a number from 1 to 65535.
    case invalidPort
    /// It has a user name or a password, which are never sent.
    case hasCredentials
    /// libcurl reads the URL differently from this library, or not at all.
    case malformed
}
