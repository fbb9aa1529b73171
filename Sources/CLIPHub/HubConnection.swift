internal import CCurl

/// A libcurl handle that makes one request after another, on the thread that uses it, and keeps connections open.
///
/// Unlike the URLs of pictures, which come from strangers, these addresses are the operator's: any address is allowed,
/// and proxies are taken from the environment.
final class HubConnection {
    /// A request.
    struct Request {
        var address: HubAddress
        /// Whether only the header is wanted.
        var isHead = false
        var token: String?
        /// The first byte that is wanted.
        var start = 0
        /// How long the whole request may take; nil for a body that may take any time as long as bytes come.
        var timeLimit: Duration?
    }

    /// The answer to a request.
    struct Answer {
        /// The status; 0 if no header came.
        var status: Int
        var fields: AnswerFields
        /// Why the answer is not complete; nil if it is.
        var fault: ConnectionFault?
        /// Whether the whole header came.
        var hasHead: Bool
    }

    private let easy: UnsafeMutableRawPointer
    private let configuration: HubConfiguration
    private let isCancelled: @Sendable () -> Bool
    private var fields = AnswerFields()
    private var hasHead = false
    private var headIsEndless = false
    private var wasStopped = false
    private var onHead: ((Int, AnswerFields) -> Bool)?
    private var onBody: ((UnsafeRawBufferPointer) -> Bool)?

    /// - Throws: `transportUnavailable` if this libcurl lacks something that is needed.
    init(
        _ configuration: HubConfiguration,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(HubError) {
        guard clip_curl_start(), let easy = curl_easy_init() else { throw .transportUnavailable }
        self.easy = easy
        self.configuration = configuration
        self.isCancelled = isCancelled
        try configure()
    }

    deinit { curl_easy_cleanup(easy) }

    /// Makes a request and waits for the end of its answer.
    ///
    /// - Parameters:
    ///   - onHead: called when the header is complete; if it returns false, the request ends with the fault `stopped`.
    ///   - onBody: called for each piece of the decoded body; returning false has the same effect.
    /// - Throws: `cancelled`, and errors of libcurl.
    func answer(
        to request: Request,
        onHead: @escaping (Int, AnswerFields) -> Bool = { _, _ in true },
        onBody: @escaping (UnsafeRawBufferPointer) -> Bool = { _ in true }
    ) throws(HubError) -> Answer {
        guard !isCancelled() else { throw .cancelled }
        (fields, hasHead, headIsEndless, wasStopped) = (AnswerFields(), false, false, false)
        (self.onHead, self.onBody) = (onHead, onBody)
        defer { (self.onHead, self.onBody) = (nil, nil) }

        var lines: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(lines) }
        var texts: [String] = []
        if let token = request.token { texts.append("Authorization: Bearer \(token)") }
        if request.start > 0 { texts.append("Range: bytes=\(request.start)-") }
        for text in texts {
            guard let longer = curl_slist_append(lines, text) else { throw .transportUnavailable }
            lines = longer
        }
        try check(clip_curl_set_header_lines(easy, lines))
        defer { _ = clip_curl_set_header_lines(easy, nil) }
        try set(CURLOPT_URL, request.address.text)
        if request.isHead {
            try set(CURLOPT_NOBODY, 1)
        } else {
            try set(CURLOPT_HTTPGET, 1)  // which undoes NOBODY
        }
        try set(CURLOPT_TIMEOUT_MS, request.timeLimit.map(Self.milliseconds) ?? 0)
        let code = curl_easy_perform(easy)
        if isCancelled() { throw .cancelled }
        if headIsEndless { throw .invalidAnswer(host: request.address.host, .endlessHeader) }
        return Answer(
            status: hasHead ? clip_curl_response_status(easy) : 0,
            fields: fields,
            fault: code == CURLE_OK ? nil : wasStopped ? .stopped : Self.fault(for: code),
            hasHead: hasHead
        )
    }

    private static func fault(for code: CURLcode) -> ConnectionFault {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .hostNotFound
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
        case CURLE_COULDNT_CONNECT: .refused
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: .certificate
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: .notSecured
        case CURLE_OPERATION_TIMEDOUT: .stalled
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: .notHTTP
        default: .lost
        }
    }

    static func milliseconds(_ duration: Duration) -> Int {
        max(1, Int(duration / .milliseconds(1)))
    }

    // MARK: - What libcurl is told

    private func configure() throws(HubError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(clip_curl_allow_only_http_and_https(easy))
        try check(clip_curl_set_write_function(easy, Self.bodyArrived, context))
        try check(clip_curl_set_header_function(easy, Self.headerArrived, context))
        try check(clip_curl_set_progress_function(easy, Self.timePassed, context))
        try check(clip_curl_leave_name_lookup_behind(easy))
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // This asks for a body that is not encoded. If one is encoded all the same, libcurl decodes it.
        try set(CURLOPT_ACCEPT_ENCODING, "identity")
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(configuration.answerTimeLimit))
        try set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try set(CURLOPT_LOW_SPEED_TIME, max(1, Self.milliseconds(configuration.stallTimeLimit) / 1000))
        try set(CURLOPT_BUFFERSIZE, 512 << 10)
        try set(CURLOPT_NOSIGNAL, 1)
        if let file = configuration.authorityFile { try set(CURLOPT_CAINFO, file) }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HubError) {
        try check(clip_curl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(HubError) {
        try check(clip_curl_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(HubError) {
        guard code == CURLE_OK else { throw .transportUnavailable }
    }

    // MARK: - Called by libcurl

    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        guard fields.read(line) else {
            headIsEndless = true
            return false
        }
        let isEnd = line.count <= 2 && line.allSatisfy { $0 == 0x0D || $0 == 0x0A }
        guard isEnd, !hasHead else { return true }
        let status = clip_curl_response_status(easy)
        guard status >= 200 else { return true }
        hasHead = true
        guard onHead?(status, fields) ?? false else {
            wasStopped = true
            return false
        }
        return true
    }

    private func receive(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard onBody?(piece) ?? false else {
            wasStopped = true
            return false
        }
        return true
    }

    private static let bodyArrived: curl_write_callback = { data, size, count, context in
        guard let data, let context else { return 0 }
        let connection = Unmanaged<HubConnection>.fromOpaque(context).takeUnretainedValue()
        let piece = UnsafeRawBufferPointer(start: data, count: size * count)
        return connection.receive(piece) ? piece.count : 0
    }

    private static let headerArrived: curl_write_callback = { data, size, count, context in
        guard let data, let context else { return 0 }
        let connection = Unmanaged<HubConnection>.fromOpaque(context).takeUnretainedValue()
        let line = UnsafeRawBufferPointer(start: data, count: size * count)
        return connection.receiveHeader(line) ? line.count : 0
    }

    private static let timePassed: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context else { return 0 }
        return Unmanaged<HubConnection>.fromOpaque(context).takeUnretainedValue().isCancelled() ? 1 : 0
    }
}
