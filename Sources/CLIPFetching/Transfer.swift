import CCurl

/// What all transfers of a fetcher have in common.
struct TransferOptions: Sendable {
    let configuration: FetchingConfiguration
    let policy: AddressPolicy
}

/// One fetch under way: a libcurl handle, what has come so far, and who waits for it.
///
/// Used by one thread only.
final class Transfer {
    /// What a finished request means.
    enum Outcome {
        case answer(Result<[UInt8], FetchingError>)
        case redirect(String)
    }

    /// The most bytes of all header lines of one answer: four times what common web servers send at most.
    ///
    /// libcurl itself bounds one line, but before 8.3 not their sum.
    private static let maxHeaderBytes = 64 * 1024

    let easy: UnsafeMutableRawPointer
    private let options: TransferOptions
    private var order: FetchOrder?
    private var deadline = ContinuousClock.now
    private var redirects = 0

    // Of the current request.
    private var bytes: [UInt8] = []
    private var received = 0
    private var headerBytes = 0
    private var refusedAddress = false
    private var openedSocket = false

    /// A transfer with every option set but the URL.
    init(options: TransferOptions) throws(FetchingError) {
        guard let easy = curl_easy_init() else { throw .transportUnavailable }
        self.easy = easy
        self.options = options
        try configure()
    }

    deinit {
        curl_easy_cleanup(easy)
    }

    /// The fetch that waits for this transfer; nil once it has its answer.
    var orderID: UInt64? { order?.id }

    /// Answers the fetch that waits, the first time.
    func answer(_ result: Result<[UInt8], FetchingError>) {
        order?.continuation.resume(returning: result)
        order = nil
    }

    /// Takes on a fetch, to be answered through this transfer unless this throws.
    func begin(_ order: FetchOrder) throws(FetchingError) {
        deadline = order.deadline
        try prepare(order.url)
        self.order = order
    }

    /// Points the transfer at the target of a redirect, which is held to the same rules as the first URL.
    func follow(_ target: String) throws(FetchingError) {
        redirects += 1
        guard redirects <= options.configuration.maxRedirects else {
            throw .tooManyRedirects(limit: options.configuration.maxRedirects)
        }
        do throws(FetchingError) {
            try prepare(ImageURL(target, maxBytes: options.configuration.maxURLBytes))
        } catch .invalidURL(let defect) {
            throw .invalidRedirect(defect)
        }
    }

    /// What the request's end means.
    ///
    /// The status comes first: a server that says "not found" and then stalls has said "not found".
    func outcome(of code: CURLcode) -> Outcome {
        guard order != nil else { return .answer(.failure(.cancelled)) }
        if headerBytes > Self.maxHeaderBytes { return .answer(.failure(.invalidResponse)) }
        let limit = options.configuration.maxBytes
        let status = clip_curl_response_status(easy)
        if [301, 302, 303, 307, 308].contains(status) {
            if code == CURLE_OK, let target = clip_curl_redirect_target(easy) {
                return .redirect(String(cString: target))
            }
            if code == CURLE_OK { return .answer(.failure(.badStatus(status))) }
        } else if status >= 300 {
            return .answer(.failure(.badStatus(status)))
        }
        if received > limit { return .answer(.failure(.tooManyBytes(limit: limit))) }
        guard code == CURLE_OK else { return .answer(.failure(failure(for: code))) }
        return .answer(bytes.isEmpty ? .failure(.emptyBody) : .success(bytes))
    }

    private func failure(for code: CURLcode) -> FetchingError {
        if refusedAddress, !openedSocket { return .addressNotAllowed }
        return switch code {
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_COULDNT_RESOLVE_HOST: .hostNotFound
        case CURLE_COULDNT_CONNECT: .connectionFailed
        case CURLE_PEER_FAILED_VERIFICATION: .certificateNotTrusted
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER: .secureConnectionFailed
        case CURLE_FILESIZE_EXCEEDED: .tooManyBytes(limit: options.configuration.maxBytes)
        case CURLE_PARTIAL_FILE: .incompleteBody
        // An answer of HTTP/0.9's form is an unsupported protocol to libcurl, and one header line without end
        // is out of memory.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_OUT_OF_MEMORY,
            CURLE_BAD_CONTENT_ENCODING:
            .invalidResponse
        case CURLE_URL_MALFORMAT: redirects > 0 ? .invalidRedirect(.malformed) : .invalidURL(.malformed)
        default: .connectionLost
        }
    }

    // MARK: - Called by libcurl

    /// Counts a line of the header, of which nothing is kept; false ends the transfer.
    private func receiveHeader(_ count: Int) -> Bool {
        headerBytes += count
        return headerBytes <= Self.maxHeaderBytes
    }

    /// Takes a piece of the body; false ends the transfer.
    private func receive(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard order != nil else { return false }
        received += piece.count
        guard received <= options.configuration.maxBytes else { return false }
        switch clip_curl_response_status(easy) {
        case 200..<300: bytes.append(contentsOf: piece)
        case 300..<400: break  // libcurl names a redirect's target at the end of its body, which nobody needs
        default: return false
        }
        return true
    }

    /// Opens a socket for an address that the policy allows.
    ///
    /// Every new connection passes here, with the address that it will use; a connection that is used again
    /// passed when it was new.
    private func openSocket(to address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        var bits: UInt32 = 0
        var high: UInt64 = 0
        var low: UInt64 = 0
        let ipAddress: IPAddress? =
            if clip_curl_ipv4_address(address, &bits) {
                .v4(bits)
            } else if clip_curl_ipv6_address(address, &high, &low) {
                .v6(high: high, low: low)
            } else {
                nil
            }
        guard order != nil else { return -1 }
        guard let ipAddress, options.policy.allows(ipAddress) else {
            refusedAddress = true
            return -1  // CURL_SOCKET_BAD
        }
        openedSocket = true
        return clip_curl_open_socket(address)
    }

    // MARK: - Options

    private func prepare(_ url: ImageURL) throws(FetchingError) {
        bytes = []
        received = 0
        headerBytes = 0
        refusedAddress = false
        openedSocket = false
        let remaining = ContinuousClock.now.duration(to: deadline).wholeMilliseconds
        guard remaining > 0 else { throw .timedOut }
        try set(CURLOPT_TIMEOUT_MS, remaining)
        try set(
            CURLOPT_CONNECTTIMEOUT_MS,
            min(remaining, options.configuration.connectTimeLimit.wholeMilliseconds)
        )
        try set(CURLOPT_URL, url.text)
    }

    /// Sets what holds for every request.
    ///
    /// Each answer is looked at: an option that this libcurl does not know would be a guard that is silently
    /// missing.
    private func configure() throws(FetchingError) {
        let configuration = options.configuration
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(clip_curl_allow_only_http_and_https(easy))
        try check(
            clip_curl_set_write_function(
                easy,
                { data, size, count, context in
                    guard let data, let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    let piece = UnsafeRawBufferPointer(start: data, count: size * count)
                    return transfer.receive(piece) ? piece.count : 0
                },
                context
            )
        )
        try check(
            clip_curl_set_header_function(
                easy,
                { _, size, count, context in
                    guard let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.receiveHeader(size * count) ? size * count : 0
                },
                context
            )
        )
        try check(
            clip_curl_set_open_socket_function(
                easy,
                { context, _, address in
                    guard let address, let context else { return -1 }
                    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().openSocket(
                        to: address
                    )
                },
                context
            )
        )
        try check(clip_curl_leave_name_lookup_behind(easy))
        try check(clip_curl_set_offset(easy, CURLOPT_MAXFILESIZE_LARGE, Int64(configuration.maxBytes)))
        try set(CURLOPT_PROXY, "")  // nor the environment's
        try set(CURLOPT_NETRC, 0)
        try set(CURLOPT_FOLLOWLOCATION, 0)  // redirects are followed here, hop by hop, under our own rules
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        // Asks for the plain body, and takes whatever comes as it is: an answer that is compressed all the
        // same is not unpacked, so it cannot grow.
        try set(CURLOPT_ACCEPT_ENCODING, "identity")
        try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))  // older versions are retired: RFC 8996
        try set(CURLOPT_LOW_SPEED_LIMIT, configuration.minimumBytesPerSecond)
        try set(CURLOPT_LOW_SPEED_TIME, Int(configuration.slowTimeLimit.components.seconds))
        try set(CURLOPT_NOSIGNAL, 1)
        if let file = configuration.certificateAuthorityFile { try set(CURLOPT_CAINFO, file) }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(FetchingError) {
        try check(clip_curl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(FetchingError) {
        try check(clip_curl_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(FetchingError) {
        guard code == CURLE_OK else { throw .transportUnavailable }
    }
}
