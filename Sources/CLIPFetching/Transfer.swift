import CCurl

/// The options that all transfers of a fetcher share.
struct TransferOptions: Sendable {
    let configuration: FetchingConfiguration
    let policy: AddressPolicy
    let room: ImageFetcher.RoomGiver
    let rules: HostRules
    let speed: SpeedRule

    init(
        configuration: FetchingConfiguration,
        policy: AddressPolicy,
        room: @escaping ImageFetcher.RoomGiver
    ) {
        self.configuration = configuration
        self.policy = policy
        self.room = room
        rules = HostRules(configuration)
        speed = SpeedRule(
            minimum: configuration.minimumBytesPerSecond,
            grace: configuration.slowTimeLimit
        )
    }
}

/// One fetch in progress: a libcurl handle, what has come so far, and who waits for it.
///
/// Only one thread uses it.
final class Transfer {
    /// The result of a finished request.
    enum Outcome {
        case answer(Result<FetchedImage, FetchingError>)
        case redirect([UInt8])
        /// The body is complete and has to be decoded.
        case packed
    }

    /// What libcurl's write function may return besides the number of bytes taken.
    enum Reception {
        case taken
        case later
        case refused
    }

    let easy: UnsafeMutableRawPointer
    let options: TransferOptions
    /// The places that the current request takes; nil before the first request.
    private(set) var claim: FetchPlaces.Claim?
    private(set) var deadline: ContinuousClock.Instant
    /// Whether the body stands still until there is room for it.
    private(set) var waitsForRoom = false
    private var order: FetchOrder?
    private var url: ImageURL
    private var redirects = 0

    // The following belong to the current request.
    private var header = AnswerHeader()
    private var headerIsOver = false
    private var bytes: [UInt8] = []
    private var room: FetchRoom?
    private var unpacking: Unpacking?
    private var refusal: FetchingError?
    private var receivesTooMuch = false
    private var refusedAddress = false
    private var openedSocket = false
    private var start = ContinuousClock.now
    private var pauseStart: ContinuousClock.Instant?
    private var paused = Duration.zero

    /// Makes a transfer with every option set except the URL; its fetch is answered through it.
    init(
        _ order: FetchOrder,
        options: TransferOptions,
        sessions: UnsafeMutableRawPointer?
    ) throws(FetchingError) {
        easy = try Self.makeHandle(options: options, sessions: sessions)
        self.options = options
        self.order = order
        url = order.url
        deadline = order.deadline
        try connectCallbacks()
    }

    deinit {
        curl_easy_cleanup(easy)
    }

    /// The fetch that waits for this transfer; nil once it has its answer.
    var orderID: UInt64? { order?.id }

    /// The client who asked.
    var client: String? { order?.client }

    /// The host that is being asked, or was asked last.
    var host: URLHost { url.host }

    /// Answers the waiting fetch, unless it was answered before.
    func answer(_ result: Result<FetchedImage, FetchingError>) {
        order?.continuation.resume(returning: result)
        order = nil
    }

    /// Continues with the target of a redirect, to which the same rules apply as to the first URL.
    func follow(_ target: [UInt8]) throws(FetchingError) {
        redirects += 1
        guard redirects <= options.configuration.maxRedirects else {
            throw .tooManyRedirects(limit: options.configuration.maxRedirects)
        }
        do throws(FetchingError) {
            url = try ImageURL(redirect: target, from: url, maxBytes: options.configuration.maxURLBytes)
        } catch .invalidURL(let defect) {
            throw .invalidRedirect(defect)
        }
        try options.rules.check(url)
    }

    /// Prepares the handle for the request of the current URL.
    func prepare(for claim: FetchPlaces.Claim) throws(FetchingError) {
        header = AnswerHeader()
        headerIsOver = false
        bytes = []
        room = nil
        unpacking = nil
        refusal = nil
        receivesTooMuch = false
        refusedAddress = false
        openedSocket = false
        waitsForRoom = false
        pauseStart = nil
        paused = .zero
        start = ContinuousClock.now
        let remaining = start.duration(to: deadline).wholeMilliseconds
        guard remaining > 0 else { throw .timedOut }
        try set(CURLOPT_TIMEOUT_MS, remaining)
        try set(
            CURLOPT_CONNECTTIMEOUT_MS,
            min(remaining, options.configuration.connectTimeLimit.wholeMilliseconds)
        )
        try set(CURLOPT_URL, url.text)
        self.claim = claim
    }

    /// The result of a request that ended with `code`.
    ///
    /// The status decides first: a server that says "not found" and then stalls has said "not found".
    func outcome(of code: CURLcode) -> Outcome {
        guard order != nil else { return .answer(.failure(.cancelled)) }
        if header.isTooLong { return .answer(.failure(.invalidResponse)) }
        if let refusal { return .answer(.failure(refusal)) }
        let limit = options.configuration.maxBytes
        let status = clip_curl_response_status(easy)
        if [301, 302, 303, 307, 308].contains(status) {
            // libcurl may refuse an announced length before it passes on the header's last line.
            guard headerIsOver || code == CURLE_FILESIZE_EXCEEDED else {
                return .answer(.failure(failure(for: code)))
            }
            if header.isAmbiguous { return .answer(.failure(.invalidResponse)) }
            return header.location.map { .redirect($0) } ?? .answer(.failure(.badStatus(status)))
        }
        // 101 is final too, because no switch of protocols was asked for.
        if status >= 300 || status == 101 { return .answer(.failure(.badStatus(status))) }
        if receivesTooMuch { return .answer(.failure(.tooManyBytes(limit: limit))) }
        guard code == CURLE_OK else { return .answer(.failure(failure(for: code))) }
        guard let room, !bytes.isEmpty else { return .answer(.failure(.emptyBody)) }
        let image = finishedImage(bytes, in: room)
        bytes = []
        guard !header.packings.isEmpty else { return .answer(.success(image)) }
        self.room = nil
        unpacking = Unpacking(image, limit: limit)
        return .packed
    }

    /// The image, in no more memory than its bytes need.
    private func finishedImage(_ bytes: [UInt8], in room: FetchRoom) -> FetchedImage {
        // A copy needs as much memory again for a moment. If that exceeded the room, the bytes stay where they are; the
        // pages that were reserved and never touched do no harm.
        var bytes = bytes
        if bytes.count <= bytes.capacity / 2 { bytes = bytes.withUnsafeBufferPointer { Array($0) } }
        room.shrink(to: bytes.count)
        return FetchedImage(bytes: bytes, room: room)
    }

    private func failure(for code: CURLcode) -> FetchingError {
        if refusedAddress, !openedSocket { return .addressNotAllowed }
        return switch code {
        case CURLE_OPERATION_TIMEDOUT: waitsForRoom ? .noRoom : .timedOut
        case CURLE_COULDNT_RESOLVE_HOST: .hostNotFound
        case CURLE_COULDNT_CONNECT: .connectionFailed
        case CURLE_PEER_FAILED_VERIFICATION: .certificateNotTrusted
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER: .secureConnectionFailed
        case CURLE_FILESIZE_EXCEEDED: .tooManyBytes(limit: options.configuration.maxBytes)
        case CURLE_PARTIAL_FILE: .incompleteBody
        // libcurl limits the number of encodings even if it does not decode them.
        case CURLE_BAD_CONTENT_ENCODING: .encodingNotSupported("more than five packings")
        // libcurl reports an answer in the form of HTTP/0.9 as an unsupported protocol, and an endless header line as
        // lack of memory.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_OUT_OF_MEMORY: .invalidResponse
        case CURLE_URL_MALFORMAT: redirects > 0 ? .invalidRedirect(.malformed) : .invalidURL(.malformed)
        default: .connectionLost
        }
    }

    // MARK: - While the body comes

    /// Asks again for room, and lets the body come if there is some; nil if there is none yet.
    ///
    /// The part of the body that libcurl has kept arrives during the call.
    func resume() -> CURLcode? {
        guard waitsForRoom, takeRoom() else { return nil }
        return curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// Why the transfer should be ended now; nil if it may go on.
    func complaint(at now: ContinuousClock.Instant) -> FetchingError? {
        guard headerIsOver, order != nil, !waitsForRoom else { return nil }
        let isSlow = options.speed.refuses(
            received: bytes.count,
            announced: announcedLength,
            elapsed: start.duration(to: now) - paused,
            remaining: now.duration(to: deadline)
        )
        return isSlow ? .timedOut : nil
    }

    private var announcedLength: Int? {
        let length = clip_curl_announced_length(easy)
        return length > 0 ? Int(length) : nil
    }

    private func takeRoom() -> Bool {
        guard room == nil else { return true }
        let capacity = announcedLength ?? options.configuration.maxBytes
        room = options.room(capacity)
        guard room != nil else { return false }
        bytes.reserveCapacity(capacity)
        waitsForRoom = false
        if let pauseStart { paused += pauseStart.duration(to: .now) }
        pauseStart = nil
        return true
    }

    // MARK: - When the body is complete

    /// Whether there is something to decode and room for it.
    var canUnpack: Bool { unpacking != nil && room != nil }

    /// Decodes a little more of the body; gives the result once it is complete.
    func unpack(at now: ContinuousClock.Instant) -> Result<FetchedImage, FetchingError>? {
        guard let unpacking else { return nil }
        guard now < deadline else { return .failure(room == nil ? .noRoom : .timedOut) }
        if room == nil {
            room = options.room(unpacking.capacity)
            unpacking.reserve()
        }
        guard let room else { return nil }
        do throws(FetchingError) {
            try unpacking.step()
        } catch {
            return .failure(error)
        }
        guard unpacking.isDone else { return nil }
        self.unpacking = nil
        return unpacking.bytes.isEmpty
            ? .failure(.emptyBody) : .success(finishedImage(unpacking.bytes, in: room))
    }

    // MARK: - Called by libcurl

    /// Takes a line of the header; returning false ends the transfer.
    func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !headerIsOver else {
            header.readTrailer(line)
            return !header.isTooLong
        }
        header.read(line)
        guard !header.isTooLong else { return false }
        guard AnswerHeader.isEnd(line) else { return true }
        let status = clip_curl_response_status(easy)
        if (100..<200).contains(status), status != 101 { return true }
        headerIsOver = true
        // The body of a redirect or an error is not an image.
        guard (200..<300).contains(status) else { return false }
        if header.isAmbiguous {
            refusal = .invalidResponse
            return false
        }
        if let packing = header.transferPacking ?? unsupportedPacking {
            refusal = .encodingNotSupported(packing)
            return false
        }
        return true
    }

    /// The encoding of the body, if it is one that cannot be decoded within limits; otherwise nil.
    ///
    /// Nested encodings are not supported, because the inner one can be endless and yield nothing. Neither is zstd,
    /// whose decoder takes 128 MiB if the body says so, nor brotli, of which every 82 bytes can describe 16,384
    /// contexts: 20 MB of these take 37 s of the one thread that all fetches share (measured, brotli 1.0.9). The most
    /// expensive deflate takes 1.5 s.
    private var unsupportedPacking: String? {
        switch header.packings {
        case []: nil
        case ["gzip"], ["x-gzip"], ["deflate"]: nil
        default: header.packings.prefix(4).joined(separator: ", ")
        }
    }

    /// Takes a piece of the body.
    func receive(_ piece: UnsafeRawBufferPointer) -> Reception {
        guard order != nil, headerIsOver else { return .refused }
        guard piece.count <= options.configuration.maxBytes - bytes.count else {
            receivesTooMuch = true
            return .refused
        }
        guard takeRoom() else {
            waitsForRoom = true
            pauseStart = pauseStart ?? .now
            return .later
        }
        bytes.append(contentsOf: piece)
        return .taken
    }

    /// Opens a socket for an address that the policy allows.
    ///
    /// Every connection comes through here, with the address that it will use.
    func openSocket(to address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
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
        guard let ipAddress, options.policy.allows(ipAddress), !options.rules.denies(ipAddress) else {
            refusedAddress = true
            return -1  // CURL_SOCKET_BAD
        }
        openedSocket = true
        return clip_curl_open_socket(address)
    }
}
