extension FetchingError: CustomStringConvertible {
    /// What happened and what helps, for an operator's log and for a person at a shell.
    public var description: String {
        switch self {
        case .invalidURL(let defect): "The URL cannot be used: \(defect)."
        case .invalidRedirect(let defect): "The host redirects to a URL that cannot be used: \(defect)."
        case .schemeNotAllowed(let scheme):
            "The URL, or one that it redirects to, begins with '\(scheme):'. Use one that begins with https: or http:."
        case .addressNotAllowed:
            "The URL, or one that it redirects to, leads to an address that is not fetched from: a private or "
                + "otherwise special one, or one of --fetch-hosts-deny. Use a public one; "
                + "--allow-private-addresses lets private ones be fetched from."
        case .hostNotAllowed(let host):
            "The host '\(host)' is not on the list of hosts that may be fetched from. Add it to --fetch-hosts if it should be."
        case .hostDenied(let host):
            "The host '\(host)' is on the list of hosts that may not be fetched from. Take it off "
                + "--fetch-hosts-deny if it should be allowed."
        case .secureConnectionRequired:
            "The URL, or one that it redirects to, is not https, and only https is fetched here (--https-only). Use an "
                + "https URL."
        case .publicNameRequired(let host):
            "The host '\(host)' is an address or a private name, and only public names are fetched from here "
                + "(--public-names-only). Use a host's full public name."
        case .hostNotFound: "The host's name has no address. Check how it is written."
        case .connectionFailed:
            "The host did not accept a connection. Check host and port, or try again later."
        case .certificateNotTrusted:
            "The host's certificate is not trusted, is out of date, or is for another name. If an authority of "
                + "your own signed it, name that authority's file with --fetch-ca-file."
        case .secureConnectionFailed:
            "The connection could not be secured; TLS 1.2 or later is spoken. Check that the host speaks https at this port."
        case .connectionLost: "The connection broke before an answer was there. Try again."
        case .timedOut:
            "The answer did not come in time, or came too slowly. Try again, raise --fetch-seconds, or lower --fetch-min-speed."
        case .tooManyRedirects(let limit):
            "The URL redirects more than \(limit) times. Give the URL that it ends at, or raise --max-redirects."
        case .badStatus(let status): "The host answered with status \(status). Check the URL in a browser."
        case .tooManyBytes(let limit):
            "The answer has more than \(limit) bytes. Send a smaller image, or raise --max-image-bytes."
        case .encodingNotSupported(let name):
            "The answer is packed with '\(name)', which is not unpacked here. "
                + "Have the host send the image as it is, or packed once with gzip or deflate."
        case .badEncoding:
            "The answer's packed bytes are damaged, or are not what its Content-Encoding says. Have the host mend that."
        case .incompleteBody: "The answer ended before the length that it promised. Try again."
        case .emptyBody: "The answer was a success with nothing in it. Check the URL in a browser."
        case .invalidResponse: "The answer was not proper HTTP. Check that the URL leads to a web server."
        case .noRoom:
            "No memory for the image became free in time. Try again later, or raise --memory-budget."
        case .tooManyWaiting(let limit):
            "Too many fetches wait for their turn: \(limit) may, half of them for one client. Try again later, or "
                + "raise --fetch-queue."
        case .cancelled: "The fetch was cancelled, since nobody waited for it any more."
        case .shutDown: "The server is being shut down. Ask again when it is back."
        case .invalidConfiguration(let problems):
            "The settings for fetching cannot be used: \(problems.joined(separator: "; ")). Mend them and start again."
        case .transportUnavailable:
            "The library libcurl cannot be used: it lacks an option that safe fetching needs, or there is no memory or no file "
                + "descriptor left for it. Install libcurl 7.85 or later, or raise the limit of open files."
        }
    }
}

extension URLDefect: CustomStringConvertible {
    /// The defect as the end of a sentence, with what to do about it.
    public var description: String {
        switch self {
        case .tooLong(let limit): "it has more than \(limit) bytes; use a shorter one"
        case .forbiddenCharacter:
            "it has a control character, a blank around it, or a blank or backslash in its host; take that out"
        case .missingScheme: "it does not begin with https:// or http://; write it in full"
        case .missingHost: "it names no host; write it in full"
        case .hostNotASCII:
            "its host is no international name; check how it is written, or give its xn-- form"
        case .invalidHost: "its host is neither a name nor an address; check how it is written"
        case .invalidPort: "its port is not a number from 1 to 65535; mend it or leave it out"
        case .hasCredentials: "it has a user name or a password, which are never sent; take them out"
        case .malformed: "it cannot be read as a URL; check how it is written"
        }
    }
}
