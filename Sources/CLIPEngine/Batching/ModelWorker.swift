internal import CLIPKernels
internal import CLIPModels

/// Owns one model and the threads that run it.
///
/// Every thread has its own compute context and lives as long as the worker. When the worker is released, its threads
/// finish what waits and end, and the model is freed.
final class ModelWorker: Sendable {
    private let name: String
    /// The batcher outlives the worker while a pass is running.
    let batcher: Batcher
    /// The prefixes of captions whose keys and values are kept.
    let prefixes: PrefixCache
    /// The shape of the text tower, if there is one.
    private let text: ModelConfiguration.Text?

    private init(name: String, text: ModelConfiguration.Text?, batcher: Batcher, prefixes: PrefixCache) {
        self.name = name
        self.text = text
        self.batcher = batcher
        self.prefixes = prefixes
    }

    deinit {
        batcher.close()
    }

    /// Loads the model on a thread of its own, together with whatever else is read from its files, and starts the
    /// threads that run it.
    ///
    /// - Parameters:
    ///   - prefixBytes: the most bytes of captions' prefixes that are kept.
    ///   - isBeside: whether other models are serving; then the loading thread lets them have the processor.
    ///   - onEnd: called on one of the model's threads once the model's memory is free; not called if the model could
    ///     not be loaded.
    static func start<Companion: Sendable>(
        name: String,
        threads: Int,
        usesOneDNNOnly: Bool,
        prefixBytes: Int,
        costs: CostMeter,
        metrics: EngineMetrics,
        isBeside: Bool,
        onEnd: @escaping @Sendable () -> Void,
        load:
            @escaping @Sendable (ComputeEngine) throws(EmbeddingError) -> (
                model: CLIPModel, companion: Companion
            )
    ) async throws(EmbeddingError) -> (worker: ModelWorker, companion: Companion) {
        let loaded = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<(ModelWorker, Companion), EmbeddingError>, Never>) in
            NamedThread.start("load-\(name)", 1) {
                if isBeside { NamedThread.giveWay() }
                let result = begin(
                    name: name,
                    threads: threads,
                    usesOneDNNOnly: usesOneDNNOnly,
                    prefixBytes: prefixBytes,
                    costs: costs,
                    metrics: metrics,
                    onEnd: onEnd,
                    load
                )
                continuation.resume(returning: result)
            }
        }
        return try loaded.get()
    }

    private static func begin<Companion: Sendable>(
        name: String,
        threads: Int,
        usesOneDNNOnly: Bool,
        prefixBytes: Int,
        costs: CostMeter,
        metrics: EngineMetrics,
        onEnd: @escaping @Sendable () -> Void,
        _ load: (ComputeEngine) throws(EmbeddingError) -> (model: CLIPModel, companion: Companion)
    ) -> Result<(ModelWorker, Companion), EmbeddingError> {
        do throws(EmbeddingError) {
            let engine = try attempt { () throws(KernelError) in
                try ComputeEngine(usesOneDNNOnly: usesOneDNNOnly)
            }
            let (model, companion) = try load(engine)
            let batcher = Batcher(
                limits: limits(of: model),
                threads: threads,
                costs: costs,
                metrics: metrics
            )
            let prefixes = PrefixCache(
                limit: model.sharesPrefixes ? prefixBytes : 0,
                bytesPerToken: model.prefixBytesPerToken
            )
            let worker = ModelWorker(
                name: name,
                text: model.configuration.text,
                batcher: batcher,
                prefixes: prefixes
            )
            let residence = ModelResidence(model, threads: threads, onEnd: onEnd)
            for number in 1...threads {
                NamedThread.start("model-\(name)", number) {
                    residence.lend {
                        work(for: batcher, with: $0, on: engine, prefixes: prefixes, costs: costs)
                    }
                }
            }
            return .success((worker, companion))
        } catch {
            return .failure(error)
        }
    }

    /// Embeddings of decoded images, each (imageSize, imageSize, 3) bytes.
    func embed(
        pixels: [[UInt8]],
        client: String?,
        onProgress: (@Sendable (Int) -> Void)? = nil
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        let outcome = try await batcher.embed(
            pixels.map(Batcher.Payload.pixels),
            lane: .images,
            isOfList: pixels.count > Self.mostImagesOfSmall,
            client: client,
            onProgress: onProgress
        )
        return try checked(outcome, "an image")
    }

    /// Embeddings of token sequences without padding.
    ///
    /// - Parameters:
    ///   - isOfList: whether they are part of a list, which other requests may overtake.
    ///   - isApart: whether texts that begin alike are computed each by itself, to compare.
    ///   - client: the sender; clients take turns.
    ///   - onProgress: called with the number of texts that a batch has finished, if more are still to come.
    func embed(
        tokens: [[Int32]],
        isOfList: Bool = false,
        isApart: Bool = false,
        client: String?,
        onProgress: (@Sendable (Int) -> Void)? = nil
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        try checked(
            await batcher.embed(
                tokens.map { .tokens(text?.computedTokens(of: $0) ?? $0) },
                lane: .texts,
                isOfList: isOfList,
                isApart: isApart,
                client: client,
                onProgress: onProgress
            ),
            "a text"
        )
    }

    /// Refuses results that are not finite numbers, which must be neither sent nor cached.
    private func checked(
        _ outcome: Batcher.Outcome,
        _ item: String
    ) throws(EmbeddingError) -> Batcher.Outcome {
        guard outcome.embeddings.contains(where: \.values.isEmpty) else { return outcome }
        throw .failed(
            "the embedding that model '\(name)' gives \(item) overflows: its weights are too large for the precision, or "
                + "damaged. Start with --precision f32, or download the checkpoint anew."
        )
    }

    /// Requests with more images than this are lists; it is twice what clients of the wire contract may send.
    static let mostImagesOfSmall = 16

    // MARK: The threads' side

    private static func limits(of model: CLIPModel) -> BatchLimits {
        var limits = BatchLimits()
        limits.images = model.imagesPerPass(of: limits.images)
        limits.tokensPerImage = model.tokensPerImage
        limits.imageParts = model.imageParts
        limits.textParts = model.textParts
        limits.sharesPrefixes = model.sharesPrefixes
        return limits
    }

    private static func work(
        for batcher: Batcher,
        with model: CLIPModel,
        on engine: ComputeEngine,
        prefixes: PrefixCache,
        costs: CostMeter
    ) {
        let context: ComputeContext
        do throws(KernelError) {
            context = try ComputeContext(engine: engine)
        } catch {
            // There was not enough memory for a few hundred bytes. Passes that this thread belongs to would lack its
            // part for good.
            batcher.report("a compute thread could not start: \(error)")
            while let assignment = batcher.next() {
                assignment.share.abandon()
                guard assignment.share.index == 0 else { continue }
                if let use = assignment.batch.prefixes.chosen { prefixes.finish(use) }
                batcher.finish(assignment.batch, with: .failure(.failed("a compute thread: \(error)")))
            }
            return
        }
        while let assignment = batcher.next() {
            let isImages = assignment.batch.lane == .images
            // oneDNN's own threads share operations that cannot be shared by rows, as long as no other thread needs the
            // processor.
            context.threads = isImages && model.hasLargeOperations ? assignment.idleThreads : 1
            let start = ContinuousClock.now
            let result = embeddings(of: assignment, by: model, prefixes: prefixes, in: context)
            let time = ContinuousClock.now - start
            if case .success = result {
                let items = assignment.share.index == 0 ? assignment.batch.items : []
                if isImages {
                    costs.spendOnImages(time, finished: items.count)
                } else {
                    // What captions have in common was computed once.
                    costs.spendOnTexts(time, finished: items.isEmpty ? 0 : assignment.batch.cost)
                }
            }
            if assignment.share.index == 0 {
                batcher.finish(assignment.batch, with: result)
            } else {
                batcher.leave(assignment.batch)
            }
        }
    }

    private static func embeddings(
        of assignment: Batcher.Assignment,
        by model: CLIPModel,
        prefixes: PrefixCache,
        in context: ComputeContext
    ) -> Result<[Embedding], EmbeddingError> {
        let batch = assignment.batch
        do throws(ModelError) {
            let values: [Float]
            switch batch.lane {
            case .images:
                let images = batch.items.compactMap { item -> [UInt8]? in
                    guard case .pixels(let bytes) = item.payload else { return nil }
                    return bytes
                }
                values = try model.imageEmbeddings(of: images, share: assignment.share, in: context)
            case .texts:
                let tokens = batch.items.compactMap { item -> [Int32]? in
                    guard case .tokens(let ids) = item.payload else { return nil }
                    return ids
                }
                let sharesPrefixes = batch.items.contains { !$0.tokens.isEmpty }
                let use = batch.prefixes.agreed {
                    sharesPrefixes ? prefixes.use(for: tokens, by: model) : .apart
                }
                defer { if assignment.share.index == 0 { prefixes.finish(use) } }
                values = try model.textEmbeddings(
                    of: tokens,
                    share: assignment.share,
                    prefixes: use,
                    in: context
                )
            }
            let width = model.configuration.embeddingWidth
            return .success(
                stride(from: 0, to: values.count, by: width).map { start in
                    let row = values[start..<start + width]
                    // The batch's other items belong to other requests and may be valid.
                    return Embedding(values: isFinite(row) ? Array(row) : [])
                }
            )
        } catch {
            return .failure(.failed("forward pass of \(batch.items.count) items: \(error)"))
        }
    }

    /// Whether all values are finite; the exponent bits of NaN and infinity are all set.
    private static func isFinite(_ values: ArraySlice<Float>) -> Bool {
        let exponent = Float.infinity.bitPattern
        return values.reduce(0) { max($0, $1.bitPattern & exponent) } < exponent
    }

    private static func attempt<Value>(
        _ body: () throws(KernelError) -> Value
    ) throws(EmbeddingError) -> Value {
        do throws(KernelError) {
            return try body()
        } catch {
            throw .failed("the compute engine: \(error)")
        }
    }
}
