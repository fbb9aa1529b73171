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
        typealias Prepared = (index: Int, result: Result<([Float], StageTimings), ImageFault>)
        let prepared = await withTaskGroup(of: Prepared.self) { group in
            for (index, image) in images.enumerated() {
                group.addTask { (index, await self.prepare(image, by: preprocessor)) }
            }
            return await group.reduce(into: [Prepared]()) { $0.append($1) }
        }
        guard !Task.isCancelled else { throw .cancelled }
        var pixelValues: [[Float]] = []
        var timings = StageTimings()
        for (index, result) in prepared.sorted(by: { $0.index < $1.index }) {
            switch result {
            case .success(let (values, itemTimings)):
                pixelValues.append(values)
                timings = timings.merged(with: itemTimings)
            case .failure(let fault): throw .image(index: index, fault)
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
        let tokenize: @Sendable () -> Result<[[Int32]], EmbeddingError> = {
            Self.tokens(of: texts, by: tokenizer, truncating: truncating)
        }
        // A few captions take less time than the way to another thread, where they would wait behind photographs.
        let isShort = texts.reduce(0) { $0 + $1.utf8.count } <= Self.longestTextsInPlace
        let result = isShort ? tokenize() : await pool.run(tokenize)
        var timings = StageTimings()
        timings.tokenize = clock.now - start
        return (try result.get(), timings)
    }

    /// Most bytes of text that are tokenised on the calling task: about a millisecond's work.
    private static let longestTextsInPlace = 8192

    private static func tokens(
        of texts: [String],
        by tokenizer: CaptionTokenizer,
        truncating: Bool
    ) -> Result<[[Int32]], EmbeddingError> {
        var sequences: [[Int32]] = []
        for (index, text) in texts.enumerated() {
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
        by preprocessor: ImagePreprocessor
    ) async -> Result<([Float], StageTimings), ImageFault> {
        let clock = ContinuousClock()
        var timings = StageTimings()
        do throws(ImageFault) {
            let decoding: @Sendable () -> Result<[Float], ImageFault>
            switch image {
            case .encoded(let bytes):
                decoding = { Self.decode(bytes, from: .payload, by: preprocessor) }
            case .base64(let text):
                decoding = {
                    guard let bytes = Base64.decode(Base64.payload(of: text)) else {
                        return .failure(.malformedBase64)
                    }
                    return Self.decode(bytes, from: .payload, by: preprocessor)
                }
            case .url(let url):
                let start = clock.now
                let bytes = try await fetch(url)
                timings.fetch = clock.now - start
                decoding = { Self.decode(bytes, from: .url, by: preprocessor) }
            }
            let start = clock.now
            let values = try await pool.run(decoding).get()
            timings.decode = clock.now - start
            return .success((values, timings))
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

    private func fetch(_ url: String) async throws(ImageFault) -> [UInt8] {
        guard let fetcher else { throw .urlsNotAllowed }
        do throws(FetchingError) {
            return try await fetcher.bytes(at: url)
        } catch {
            throw ImageFault(error)
        }
    }
}
