internal import CLIPFetching
internal import CLIPImaging

/// The work on images before the queue: fetching, base64, decoding; all faults of an image are found here.
///
/// So a bad image fails its own request, and never a batch that it shares with others. Each image is prepared by
/// itself, and its encoded bytes are released at the end; only its pixels, which are few, stay until all images of the
/// request are ready.
struct ImagePreparation: Sendable {
    let pool: WorkPool
    let fetcher: ImageFetcher?
    /// The key that images are hashed with; nil if nothing needs their hashes.
    let hashKey: ContentHash.Key?
    let budget: ByteBudget
    let metrics: EngineMetrics
    /// The time limit for decoding one image.
    let decodeTimeLimit: Duration

    /// Prepares every image, from the cache or by decoding, in the request's order.
    ///
    /// Images are prepared side by side; if several have faults, the first one's is thrown.
    func images(
        _ images: [ImageSource],
        for side: LoadedModel.ImageSide,
        client: String?,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> ([PreparedImage], StageTimings) {
        guard images.count > 1 else {
            guard let image = images.first else { return ([], StageTimings()) }
            let (prepared, timings) = try await self.image(
                image,
                at: 0,
                for: side,
                client: client,
                request: request
            ).get()
            return ([prepared], timings)
        }
        typealias Attempt = (index: Int, result: Result<(PreparedImage, StageTimings), EmbeddingError>)
        let attempts = await withTaskGroup(of: Attempt.self) { group in
            for (index, image) in images.enumerated() {
                group.addTask {
                    let result = await self.image(
                        image,
                        at: index,
                        for: side,
                        client: client,
                        request: request
                    )
                    return (index, result)
                }
            }
            var attempts: [Attempt] = []
            for await attempt in group {
                attempts.append(attempt)
                // The other images' work is wasted, but an earlier image may have a fault, which would have to be
                // thrown instead.
                if case .failure = attempt.result, attempt.index == 0 { group.cancelAll() }
            }
            return attempts
        }
        guard !Task.isCancelled else { throw .cancelled }
        var prepared: [PreparedImage] = []
        var timings = StageTimings()
        for (_, result) in attempts.sorted(by: { $0.index < $1.index }) {
            let (image, imageTimings) = try result.get()
            prepared.append(image)
            timings = timings.merged(with: imageTimings)
        }
        return (prepared, timings)
    }

    // MARK: One image

    private func image(
        _ image: ImageSource,
        at index: Int,
        for side: LoadedModel.ImageSide,
        client: String?,
        request: AdmittedRequest
    ) async -> Result<(PreparedImage, StageTimings), EmbeddingError> {
        let start = ContinuousClock.now
        var timings = StageTimings()
        do throws(EmbeddingError) {
            let content: Content
            switch image {
            case .encoded(let bytes): content = .bytes(bytes, from: .payload, room: nil)
            case .encodedPart(let bytes): content = .part(bytes)
            case .base64(let text): content = .base64(text)
            case .url(let url):
                let fetched = try await fetch(url, at: index, for: client)
                content = .bytes(fetched.bytes, from: .url, room: fetched.room)
                timings.fetch = ContinuousClock.now - start
                try await request.enterFetched()
            }
            let prepared = try await prepare(content, at: index, for: side, client: client, request: request)
            timings.decode = ContinuousClock.now - start - timings.fetch
            return .success((prepared, timings))
        } catch {
            return .failure(error)
        }
    }

    /// An image's bytes, or the text that they are decoded from.
    private enum Content: Sendable {
        case encoded(EncodedImage)
        case bytes([UInt8], from: ImageOrigin, room: (any Sendable)?)
        case part(ArraySlice<UInt8>)
        case base64(ArraySlice<UInt8>)

        var size: Int {
            switch self {
            case .encoded(let image): image.bytes.count
            case .bytes(let bytes, _, _): bytes.count
            case .part(let bytes): bytes.count
            case .base64(let text): text.count
            }
        }

        /// How many more bytes it takes once it is decoded from base64.
        var unpackedBytes: Int {
            switch self {
            case .encoded, .bytes: 0
            case .part(let bytes): bytes.count
            case .base64(let text): text.count / 4 * 3
            }
        }

        func encoded(hashedWith key: ContentHash.Key?) throws(ImageFault) -> EncodedImage {
            switch self {
            case .encoded(let image): return image
            case .bytes(let bytes, let origin, let room):
                return EncodedImage(bytes, from: origin, hashedWith: key, room: room)
            case .part(let bytes):
                return EncodedImage(Array(bytes), from: .payload, hashedWith: key, isCopy: true)
            case .base64(let text):
                guard let bytes = Base64.decode(Base64.payload(of: text)) else { throw .malformedBase64 }
                return EncodedImage(
                    bytes,
                    from: .payload,
                    hashedWith: key,
                    isCopy: true,
                    wasBase64: true
                )
            }
        }
    }

    /// The outcome of one job on the pool.
    private enum Step: Sendable {
        case done(PreparedImage)
        /// Decoding needs this many bytes, which were not free at once.
        case wants(bytes: Int)
        case failed(ImageFault)
        case stopped
    }

    /// The largest number of bytes that are decoded from base64, or hashed, on the calling task: it takes a tenth of a
    /// millisecond, as long as handing the work to another thread.
    private static let largestInPlace = 1 << 17

    private func prepare(
        _ content: Content,
        at index: Int,
        for side: LoadedModel.ImageSide,
        client: String?,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> PreparedImage {
        var content = content
        if content.size <= Self.largestInPlace {
            do throws(ImageFault) {
                let encoded = try content.encoded(hashedWith: hashKey)
                if let embedding = side.cache.known(encoded.hash) {
                    return PreparedImage(hash: encoded.hash, content: .known(embedding))
                }
                if let counted = encoded.counted(in: budget) { content = .encoded(counted) }
            } catch {
                throw .image(index: index, error)
            }
        }
        var room: ByteReservation?
        while true {
            switch await step(content, for: side, client: client, room: room) {
            case .done(let image): return image
            case .failed(let fault): throw .image(index: index, fault)
            case .stopped: throw .cancelled
            case .wants(let bytes):
                room = nil
                room = try await self.room(for: bytes, at: index, request: request)
            }
        }
    }

    /// Waits for room to decode.
    ///
    /// A request asks for one image's room at a time, so that other requests get theirs. If an image's room does not
    /// come, another of the request's images tries: it may have to be decoded first for there to be enough.
    func room(
        for bytes: Int,
        at index: Int,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> ByteReservation {
        let turnstile = request.turnstile
        while true {
            await turnstile.enter()
            do throws(ByteBudgetError) {
                defer { turnstile.leave() }
                return try await budget.reserve(
                    bytes,
                    for: .decoding,
                    beside: request.heldBytes,
                    client: request.client,
                    isHindrance: { turnstile.isAwaited }
                )
            } catch {
                switch error {
                case .cancelled: throw .cancelled
                // Another image of the request has the turn now.
                case .noRoom where turnstile.isTaken: continue
                case .noRoom:
                    metrics.reject(.memory)
                    throw .roomTaken
                case .tooLarge(let bytes, let most):
                    metrics.reject(.memory)
                    throw .image(index: index, .tooMuchMemory(bytes: bytes, limit: most))
                }
            }
        }
    }

    /// Decodes on the pool, as far as there is room.
    ///
    /// - Parameter room: the bytes that are reserved for it already.
    private func step(
        _ content: Content,
        for side: LoadedModel.ImageSide,
        client: String?,
        room: ByteReservation?
    ) async -> Step {
        let (hashKey, budget, limit) = (hashKey, budget, decodeTimeLimit)
        let isCostly = room.map { $0.byteCount > DecodingRoom.mostCheapBytes } ?? false
        return await pool.run(for: client, isCostly: isCostly) { cancellation in
            do throws(ImageFault) {
                // Bytes decoded from a text are counted before they are decoded.
                var room = room
                if room == nil, content.unpackedBytes > 0 {
                    room = budget.reserveNow(content.unpackedBytes, for: .decoding)
                    guard room != nil else { return .wants(bytes: content.unpackedBytes) }
                }
                let image = try content.encoded(hashedWith: hashKey)
                if let embedding = side.cache.known(image.hash) {
                    return .done(PreparedImage(hash: image.hash, content: .known(embedding)))
                }
                // The time limit starts here, because waiting for a thread is not the picture's fault.
                let stop = DecodeStop(after: limit) { cancellation.isRequested }
                return try Self.decode(image, for: side, within: budget, room: room, stop: stop)
            } catch {
                return .failed(error)
            }
        } ?? .stopped
    }

    private static func decode(
        _ image: EncodedImage,
        for side: LoadedModel.ImageSide,
        within budget: ByteBudget,
        room granted: ByteReservation?,
        stop: DecodeStop
    ) throws(ImageFault) -> Step {
        var room = DecodingRoom(granted)
        let start = ContinuousClock.now
        do throws(ImagingError) {
            let pixels = try side.preprocessor.pixels(
                of: image.bytes,
                admitting: { room.admits($0 + image.uncountedBytes, of: budget) },
                stop: stop
            )
            guard let room = room.reservation else {
                preconditionFailure("A picture was decoded without asking for room.")
            }
            side.costs.spendOnDecoding(ContinuousClock.now - start)
            room.shrink(to: pixels.bytes.count)
            return .done(PreparedImage(hash: image.hash, content: .pixels(pixels.bytes, room: room)))
        } catch {
            switch error {
            case .notAdmitted(let bytes): return .wants(bytes: bytes + image.uncountedBytes)
            case .stopped: return .stopped
            default: throw ImageFault(error, origin: image.origin, wasBase64: image.wasBase64)
            }
        }
    }

    private func fetch(
        _ url: String,
        at index: Int,
        for client: String?
    ) async throws(EmbeddingError) -> FetchedImage {
        guard let fetcher else { throw .image(index: index, .urlsNotAllowed) }
        do throws(FetchingError) {
            return try await fetcher.bytes(at: url, client: client)
        } catch {
            switch error {
            case .noRoom: metrics.reject(.memory)
            case .tooManyWaiting: metrics.reject(.overloaded)
            default: break
            }
            throw EmbeddingError(error, index: index)
        }
    }
}
