import CCurl

// The options of libcurl. Each result is checked, because an option that this libcurl does not know would be a missing
// guard.
extension Transfer {
    /// Makes a handle with the options that hold for every request.
    static func makeHandle(
        options: TransferOptions,
        sessions: UnsafeMutableRawPointer?
    ) throws(FetchingError) -> UnsafeMutableRawPointer {
        guard let easy = curl_easy_init() else { throw .transportUnavailable }
        do throws(FetchingError) {
            try configure(easy, options.configuration)
            if let sessions { try check(clip_curl_use_sessions(easy, sessions)) }
        } catch {
            curl_easy_cleanup(easy)
            throw error
        }
        return easy
    }

    private static func configure(
        _ easy: UnsafeMutableRawPointer,
        _ configuration: FetchingConfiguration
    ) throws(FetchingError) {
        func set(_ option: CURLoption, _ value: Int) throws(FetchingError) {
            try check(clip_curl_set_long(easy, option, value))
        }
        func set(_ option: CURLoption, _ value: String) throws(FetchingError) {
            try check(clip_curl_set_string(easy, option, value))
        }
        try check(clip_curl_allow_only_http_and_https(easy))
        try check(clip_curl_set_write_function(easy, bodyArrived, nil))
        try check(clip_curl_set_header_function(easy, headerArrived, nil))
        try check(clip_curl_set_open_socket_function(easy, socketWanted, nil))
        try check(clip_curl_leave_name_lookup_behind(easy))
        try check(clip_curl_set_offset(easy, CURLOPT_MAXFILESIZE_LARGE, Int64(configuration.maxBytes)))
        // One connection serves one request. What a host sends after an answer, at once or later, would be taken for
        // the answer to the next request, since libcurl does not check whether a kept connection has bytes waiting.
        try set(CURLOPT_FRESH_CONNECT, 1)
        try set(CURLOPT_FORBID_REUSE, 1)
        try set(CURLOPT_PROXY, "")  // not the environment's either
        try set(CURLOPT_NETRC, 0)
        try set(CURLOPT_FOLLOWLOCATION, 0)  // redirects are followed here, each under the rules
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        // This asks for a body that is not encoded. If one is encoded all the same, it is decoded here, because libcurl
        // would decode it without regard to other transfers.
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

    /// Connects libcurl's callbacks to this transfer, which outlives its handle's last call.
    func connectCallbacks() throws(FetchingError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try Self.check(clip_curl_set_write_function(easy, Self.bodyArrived, context))
        try Self.check(clip_curl_set_header_function(easy, Self.headerArrived, context))
        try Self.check(clip_curl_set_open_socket_function(easy, Self.socketWanted, context))
    }

    func set(_ option: CURLoption, _ value: Int) throws(FetchingError) {
        try Self.check(clip_curl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(FetchingError) {
        try Self.check(clip_curl_set_string(easy, option, value))
    }

    private static func check(_ code: CURLcode) throws(FetchingError) {
        guard code == CURLE_OK else { throw .transportUnavailable }
    }

    private static let bodyArrived: curl_write_callback = { data, size, count, context in
        guard let data, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let piece = UnsafeRawBufferPointer(start: data, count: size * count)
        return switch transfer.receive(piece) {
        case .taken: piece.count
        case .later: Int(CURL_WRITEFUNC_PAUSE)
        case .refused: 0
        }
    }

    private static let headerArrived: curl_write_callback = { data, size, count, context in
        guard let data, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let line = UnsafeRawBufferPointer(start: data, count: size * count)
        return transfer.receiveHeader(line) ? line.count : 0
    }

    private static let socketWanted: curl_opensocket_callback = { context, _, address in
        guard let address, let context else { return -1 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().openSocket(to: address)
    }
}
