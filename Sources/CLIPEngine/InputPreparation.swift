internal import CLIPFetching
internal import CLIPImaging
internal import CLIPTokenization

/// What can be the sender's fault, done before the queue: fetching, decoding and tokenising.
///
/// A bad image fails its own request here and never a batch that others ride in.
struct InputPreparation: Sendable {
    let pool: WorkPool
    let fetcher: ImageFetcher?
    /// What images are hashed with; nil where nobody asks for their hashes.
    let hashKey: ContentHash.Key?

    /// The encoded bytes of each image, fetched or taken out of base64, in the request's order.
    ///
    /// Images are prepared side by side; of several faults the first image's is told.
    func encodedImages(
        of images: [ImageSource]
    ) async throws(EmbeddingError) -> ([EncodedImage], StageTimings) {
        try await sideBySide(Array(images.indices)) { index in
            await self.encodedImage(images[index], at: index)
        }
    }

    /// The pixels of some of the images, (imageSize, imageSize, 3) bytes, in the order of `indexes`.
    func pixels(
        of images: [EncodedImage],
        at indexes: [Int],
        by preprocessor: ImagePreprocessor
    ) async throws(EmbeddingError) -> ([[UInt8]], StageTimings) {
        try await sideBySide(indexes) { index in
            await self.pixels(of: images[index], at: index, by: preprocessor)
        }
    }

    private func sideBySide<Value: Sendable>(
        _ indexes: [Int],
        _ work: @escaping @Sendable (Int) async -> Result<(Value, StageTimings), EmbeddingError>
    ) async throws(EmbeddingError) -> ([Value], StageTimings) {
        typealias Prepared = (place: Int, result: Result<(Value, StageTimings), EmbeddingError>)
        let prepared = await withTaskGroup(of: Prepared.self) { group in
            for (place, index) in indexes.enumerated() {
                group.addTask {
                    let result = await work(index)
                    return (place, result)
                }
            }
            return await group.reduce(into: [Prepared]()) { $0.append($1) }
        }
        guard !Task.isCancelled else { throw .cancelled }
        var values: [Value] = []
        var timings = StageTimings()
        for (_, result) in prepared.sorted(by: { $0.place < $1.place }) {
            switch result {
            case .success(let (value, itemTimings)):
                values.append(value)
                timings = timings.merged(with: itemTimings)
            case .failure(let error): throw error
            }
        }
        return (values, timings)
    }

    /// Token ids of each text, without padding, in the request's order.
    func tokens(
        of texts: [String],
        by tokenizer: CaptionTokenizer,
        truncating: Bool
    ) async throws(EmbeddingError) -> ([[Int32]], StageTimings) {
        let clock = ContinuousClock()
        let start = clock.now
        let tokenize: @Sendable (WorkPool.Cancellation) -> Result<[[Int32]], EmbeddingError> = {
            Self.tokens(of: texts, by: tokenizer, truncating: truncating, unless: $0)
        }
        // A few captions take less time than the way to another thread, where they would wait behind photographs.
        let isShort = texts.reduce(0) { $0 + $1.utf8.count } <= Self.longestTextsInPlace
        let result =
            isShort ? tokenize(WorkPool.Cancellation()) : await pool.run(tokenize) ?? .failure(.cancelled)
        var timings = StageTimings()
        timings.tokenize = clock.now - start
        return (try result.get(), timings)
    }

    /// Most bytes of text that are tokenised on the calling task: some forty captions.
    private static let longestTextsInPlace = 2048

    /// Most bytes of one text.
    ///
    /// Cleaning takes time in proportion to them, and 77 tokens are a few hundred bytes.
    private static let largestText = 1 << 16

    private static func tokens(
        of texts: [String],
        by tokenizer: CaptionTokenizer,
        truncating: Bool,
        unless cancellation: WorkPool.Cancellation
    ) -> Result<[[Int32]], EmbeddingError> {
        var sequences: [[Int32]] = []
        for (index, text) in texts.enumerated() {
            guard !cancellation.isRequested else { return .failure(.cancelled) }
            guard text.utf8.count <= largestText else {
                return .failure(.textTooLarge(index: index, count: text.utf8.count, limit: largestText))
            }
            do throws(TokenizationError) {
                sequences.append(try tokenizer.tokens(for: text, truncating: truncating).ids)
            } catch {
                return .failure(EmbeddingError(error, index: index))
            }
        }
        return .success(sequences)
    }

    /// Most bytes that are taken out of base64, or hashed, on the calling task: a tenth of a millisecond's work, where the
    /// way to another thread takes as long.
    private static let largestInPlace = 1 << 17

    private func encodedImage(
        _ image: ImageSource,
        at index: Int
    ) async -> Result<(EncodedImage, StageTimings), EmbeddingError> {
        let clock = ContinuousClock()
        var timings = StageTimings()
        let hashKey = hashKey
        let encoding: @Sendable (WorkPool.Cancellation) -> Result<EncodedImage, ImageFault>
        let size: Int
        switch image {
        case .encoded(let bytes):
            size = bytes.count
            encoding = { _ in .success(EncodedImage(bytes, from: .payload, hashedWith: hashKey)) }
        case .base64(let text):
            size = text.count
            encoding = { _ in
                guard let bytes = Base64.decode(Base64.payload(of: text)) else {
                    return .failure(.malformedBase64)
                }
                return .success(EncodedImage(bytes, from: .payload, hashedWith: hashKey))
            }
        case .url(let url):
            let start = clock.now
            let fetched: [UInt8]
            do throws(EmbeddingError) {
                fetched = try await fetch(url, at: index)
            } catch {
                return .failure(error)
            }
            timings.fetch = clock.now - start
            size = fetched.count
            encoding = { _ in .success(EncodedImage(fetched, from: .url, hashedWith: hashKey)) }
        }
        let start = clock.now
        let encoded =
            size <= Self.largestInPlace ? encoding(WorkPool.Cancellation()) : await pool.run(encoding)
        timings.decode = clock.now - start
        guard let encoded else { return .failure(.cancelled) }
        let taken = timings
        return encoded.map { ($0, taken) }.mapError { .image(index: index, $0) }
    }

    private func pixels(
        of image: EncodedImage,
        at index: Int,
        by preprocessor: ImagePreprocessor
    ) async -> Result<([UInt8], StageTimings), EmbeddingError> {
        let clock = ContinuousClock()
        let start = clock.now
        let decoded = await pool.run { _ in Self.decode(image, by: preprocessor) }
        guard let decoded else { return .failure(.cancelled) }
        var timings = StageTimings()
        timings.decode = clock.now - start
        let taken = timings
        return decoded.map { ($0, taken) }.mapError { .image(index: index, $0) }
    }

    private static func decode(
        _ image: EncodedImage,
        by preprocessor: ImagePreprocessor
    ) -> Result<[UInt8], ImageFault> {
        do throws(ImagingError) {
            return .success(try preprocessor.pixels(of: image.bytes).bytes)
        } catch {
            return .failure(ImageFault(error, origin: image.origin))
        }
    }

    private func fetch(_ url: String, at index: Int) async throws(EmbeddingError) -> [UInt8] {
        guard let fetcher else { throw .image(index: index, .urlsNotAllowed) }
        do throws(FetchingError) {
            return try await fetcher.bytes(at: url).bytes
        } catch {
            throw EmbeddingError(error, index: index)
        }
    }
}
