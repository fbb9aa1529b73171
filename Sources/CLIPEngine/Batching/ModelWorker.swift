internal import CLIPKernels
internal import CLIPModels

/// Owns one model and the threads that run it.
///
/// Every thread has its own compute context and lives as long as the worker. Releasing the worker lets what waits be
/// finished, then ends the threads and frees the model.
final class ModelWorker: Sendable {
    private let name: String
    /// Lives longer than the worker where a pass does.
    let batcher: Batcher

    private init(name: String, batcher: Batcher) {
        self.name = name
        self.batcher = batcher
    }

    deinit {
        batcher.close()
    }

    /// Loads the model on a thread of its own, with whatever else is read from its files, and starts those that run it.
    ///
    /// - Parameters:
    ///   - isBeside: whether others are serving: then loading leaves them the processor.
    ///   - onEnd: told on a thread of the model once it is in memory no more; not where it could not be loaded.
    static func start<Companion: Sendable>(
        name: String,
        threads: Int,
        usesOneDNNOnly: Bool,
        costs: CostMeter,
        metrics: EngineMetrics,
        isBeside: Bool,
        onEnd: @escaping @Sendable () -> Void,
        load:
            @escaping @Sendable (ComputeEngine) throws(EmbeddingError) -> (
                model: CLIPModel, companion: Companion
            )
    ) async throws(EmbeddingError) -> (worker: ModelWorker, companion: Companion) {
        let loaded: Result<(Batcher, Companion), EmbeddingError> = await withCheckedContinuation {
            continuation in
            NamedThread.start("load-\(name)", 1) {
                if isBeside { NamedThread.giveWay() }
                let result = begin(
                    name: name,
                    threads: threads,
                    usesOneDNNOnly: usesOneDNNOnly,
                    costs: costs,
                    metrics: metrics,
                    onEnd: onEnd,
                    load
                )
                continuation.resume(returning: result)
            }
        }
        let (batcher, companion) = try loaded.get()
        return (ModelWorker(name: name, batcher: batcher), companion)
    }

    private static func begin<Companion: Sendable>(
        name: String,
        threads: Int,
        usesOneDNNOnly: Bool,
        costs: CostMeter,
        metrics: EngineMetrics,
        onEnd: @escaping @Sendable () -> Void,
        _ load: (ComputeEngine) throws(EmbeddingError) -> (model: CLIPModel, companion: Companion)
    ) -> Result<(Batcher, Companion), EmbeddingError> {
        do throws(EmbeddingError) {
            let engine = try attempt { () throws(KernelError) in
                try ComputeEngine(usesOneDNNOnly: usesOneDNNOnly)
            }
            let (model, companion) = try load(engine)
            let batcher = Batcher(limits: limits(of: model), threads: threads, metrics: metrics)
            let residence = ModelResidence(model, threads: threads, onEnd: onEnd)
            for number in 1...threads {
                NamedThread.start("model-\(name)", number) {
                    residence.lend { work(for: batcher, with: $0, on: engine, costs: costs) }
                }
            }
            return .success((batcher, companion))
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
    ///   - isOfList: whether they are part of a list, which others may overtake.
    ///   - client: who asks; clients take turns.
    ///   - onProgress: is told how many a batch has finished, where others are still to come.
    func embed(
        tokens: [[Int32]],
        isOfList: Bool = false,
        client: String?,
        onProgress: (@Sendable (Int) -> Void)? = nil
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        try checked(
            await batcher.embed(
                tokens.map(Batcher.Payload.tokens),
                lane: .texts,
                isOfList: isOfList,
                client: client,
                onProgress: onProgress
            ),
            "a text"
        )
    }

    /// Refuses what the network made no numbers of: it must neither be sent nor kept.
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

    /// More images than this are a list: twice what clients of the wire contract may send.
    static let mostImagesOfSmall = 16

    // MARK: The threads' side

    private static func limits(of model: CLIPModel) -> BatchLimits {
        var limits = BatchLimits()
        limits.images = model.imagesPerPass(of: limits.images)
        limits.tokensPerImage = model.tokensPerImage
        limits.imageParts = model.imageParts
        limits.textParts = model.textParts
        return limits
    }

    private static func work(
        for batcher: Batcher,
        with model: CLIPModel,
        on engine: ComputeEngine,
        costs: CostMeter
    ) {
        let context: ComputeContext
        do throws(KernelError) {
            context = try ComputeContext(engine: engine)
        } catch {
            // Out of memory for a few hundred bytes. Its part of the work would be missing for good.
            batcher.report("a compute thread could not start: \(error)")
            while let assignment = batcher.next() {
                assignment.share.abandon()
                guard assignment.share.index == 0 else { continue }
                batcher.finish(assignment.batch, with: .failure(.failed("a compute thread: \(error)")))
            }
            return
        }
        while let assignment = batcher.next() {
            let isImages = assignment.batch.lane == .images
            // What cannot be shared by rows is left to oneDNN's threads while nobody else needs the processor.
            context.threads = isImages && model.hasLargeOperations ? assignment.idleThreads : 1
            let start = ContinuousClock.now
            let result = embeddings(of: assignment, by: model, in: context)
            let time = ContinuousClock.now - start
            if case .success = result {
                let items = assignment.share.index == 0 ? assignment.batch.items : []
                if isImages {
                    costs.spendOnImages(time, finished: items.count)
                } else {
                    costs.spendOnTexts(time, finished: items.reduce(0) { $0 + $1.weight })
                }
            }
            if assignment.share.index == 0 { batcher.finish(assignment.batch, with: result) }
        }
    }

    private static func embeddings(
        of assignment: Batcher.Assignment,
        by model: CLIPModel,
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
                values = try model.textEmbeddings(of: tokens, share: assignment.share, in: context)
            }
            let width = model.configuration.embeddingWidth
            return .success(
                stride(from: 0, to: values.count, by: width).map { start in
                    let row = values[start..<start + width]
                    // The other items of the batch are others' and may be well.
                    return Embedding(values: isFinite(row) ? Array(row) : [])
                }
            )
        } catch {
            return .failure(.failed("forward pass of \(batch.items.count) items: \(error)"))
        }
    }

    /// Whether all are numbers and none is infinite: those that are not have every bit of the exponent set.
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
