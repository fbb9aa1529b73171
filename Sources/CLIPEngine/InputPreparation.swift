internal import CLIPFetching
internal import CLIPImaging
internal import CLIPTokenization

/// What can be the sender's fault, done before the queue: fetching, decoding and tokenising.
///
/// A bad image fails its own request here and never a batch that others ride in.
struct InputPreparation: Sendable {
    let pool: WorkPool
    let fetcher: ImageFetcher?

    /// Normalised pixels of each image, (3, imageSize, imageSize), in the request's order.
    ///
    /// Images are prepared side by side; of several faults the first image's is told.
    func pixelValues(
        of images: [ImageSource],
        by preprocessor: ImagePreprocessor
    ) async throws(EmbeddingError) -> ([[Float]], StageTimings) {
        typealias Prepared = (index: Int, result: Result<([Float], StageTimings), EmbeddingError>)
        let prepared = await withTaskGroup(of: Prepared.self) { group in
            for (index, image) in images.enumerated() {
                group.addTask { (index, await self.prepare(image, at: index, by: preprocessor)) }
            }
            return await group.reduce(into: [Prepared]()) { $0.append($1) }
        }
        guard !Task.isCancelled else { throw .cancelled }
        var pixelValues: [[Float]] = []
        var timings = StageTimings()
        for (_, result) in prepared.sorted(by: { $0.index < $1.index }) {
            switch result {
            case .success(let (values, itemTimings)):
                pixelValues.append(values)
                timings = timings.merged(with: itemTimings)
            case .failure(let error): throw error
            }
        }
        return (pixelValues, timings)
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

    private func prepare(
        _ image: ImageSource,
        at index: Int,
        by preprocessor: ImagePreprocessor
    ) async -> Result<([Float], StageTimings), EmbeddingError> {
        let clock = ContinuousClock()
        var timings = StageTimings()
        do throws(EmbeddingError) {
            let decoding: @Sendable (WorkPool.Cancellation) -> Result<[Float], ImageFault>
            switch image {
            case .encoded(let bytes):
                decoding = { _ in Self.decode(bytes, from: .payload, by: preprocessor) }
            case .base64(let text):
                decoding = { _ in
                    guard let bytes = Base64.decode(Base64.payload(of: text)) else {
                        return .failure(.malformedBase64)
                    }
                    return Self.decode(bytes, from: .payload, by: preprocessor)
                }
            case .url(let url):
                let start = clock.now
                let bytes = try await fetch(url, at: index)
                timings.fetch = clock.now - start
                decoding = { _ in Self.decode(bytes, from: .url, by: preprocessor) }
            }
            let start = clock.now
            guard let decoded = await pool.run(decoding) else { throw .cancelled }
            timings.decode = clock.now - start
            return decoded.map { ($0, timings) }.mapError { .image(index: index, $0) }
        } catch {
            return .failure(error)
        }
    }

    private static func decode(
        _ bytes: [UInt8],
        from origin: ImageOrigin,
        by preprocessor: ImagePreprocessor
    ) -> Result<[Float], ImageFault> {
        do throws(ImagingError) {
            return .success(try preprocessor.pixelValues(of: bytes))
        } catch {
            return .failure(ImageFault(error, origin: origin))
        }
    }

    private func fetch(_ url: String, at index: Int) async throws(EmbeddingError) -> [UInt8] {
        guard let fetcher else { throw .image(index: index, .urlsNotAllowed) }
        do throws(FetchingError) {
            return try await fetcher.bytes(at: url)
        } catch {
            throw EmbeddingError(error, index: index)
        }
    }
}
