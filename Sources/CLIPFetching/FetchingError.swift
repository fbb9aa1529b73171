/// Why an image could not be fetched: facts only, never a library's text.
///
/// A stranger who may read these learns, from the difference between ``hostNotFound`` and
/// ``addressNotAllowed``, whether a name exists in the server's own name service. Nothing here carries the
/// address itself.
public enum FetchingError: Error, Equatable, Sendable {
    /// The URL as given cannot be used.
    case invalidURL(URLDefect)
    /// The server redirected to a URL that cannot be used.
    case invalidRedirect(URLDefect)
    /// The URL, or one that it redirects to, has this scheme, which is neither `http` nor `https`.
    case schemeNotAllowed(String)
    /// Every address of the host, or of one that it redirects to, is refused by the address policy.
    case addressNotAllowed
    /// The host, or one that it redirects to, is not on the list of those that are allowed.
    case hostNotAllowed(String)
    /// The host, or one that it redirects to, is on the list of those that are not.
    case hostDenied(String)
    /// The URL, or one that it redirects to, is not https, and the configuration asks for that.
    case secureConnectionRequired
    /// The host, or one that it redirects to, is an address or a name of a private network, and the
    /// configuration asks for names of the public name service.
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
    /// A time limit passed, the whole fetch's or a step's, or the answer came slower than the configuration
    /// allows.
    case timedOut
    /// There were more redirects than `limit`.
    case tooManyRedirects(limit: Int)
    /// The server's final answer had this status, which is not 2xx.
    case badStatus(Int)
    /// The answer has more than `limit` bytes.
    case tooManyBytes(limit: Int)
    /// The answer is packed in this way, which is not unpacked here.
    case encodingNotSupported(String)
    /// The answer was said to be packed, and is not, or is damaged.
    case badEncoding
    /// The answer ended before the length that it promised.
    case incompleteBody
    /// The answer was a success with nothing in it.
    case emptyBody
    /// The answer was not HTTP, or its header went past libcurl's bounds.
    case invalidResponse
    /// No room for the answer's bytes became free in time.
    case noRoom
    /// As many fetches wait for a place as `limit`, or half as many of the same client's.
    case tooManyWaiting(limit: Int)
    /// The task that asked was cancelled.
    case cancelled
    /// The fetcher was shut down before the answer was there.
    case shutDown
    /// The configuration's problems, one sentence each.
    case invalidConfiguration([String])
    /// libcurl could not start, or lacks something that safe fetching stands on.
    case transportUnavailable
}

/// What is wrong with a URL.
public enum URLDefect: Equatable, Sendable {
    /// It has more than `limit` bytes.
    case tooLong(limit: Int)
    /// It has a control character, a blank around it, or a blank or backslash before its path; programs read
    /// those in different ways.
    case forbiddenCharacter
    /// It does not begin with a scheme, as in `https:`.
    case missingScheme
    /// No host follows the scheme.
    case missingHost
    /// The host has a character outside ASCII and no form in ASCII; its `xn--` form can be given instead.
    case hostNotASCII
    /// The host is neither a name nor an address.
    case invalidHost
    /// The port is not a number from 1 to 65535.
    case invalidPort
    /// It has a user name or a password, which are never sent.
    case hasCredentials
    /// libcurl reads it in another way than this library, or not at all.
    case malformed
}
