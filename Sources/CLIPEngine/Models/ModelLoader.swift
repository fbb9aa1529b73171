internal import CLIPImaging
internal import CLIPKernels
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// Loads a model from a checkpoint directory.
struct ModelLoader: Sendable {
    let configuration: EngineConfiguration
    let metrics: EngineMetrics

    /// The bytes that a model will take; nil if it cannot be read, which loading it will report.
    func byteCount(of source: ModelSource) async -> Int? {
        await withCheckedContinuation { continuation in
            NamedThread.start("survey", 1) {
                continuation.resume(returning: ModelFootprint.byteCount(of: source, configuration))
            }
        }
    }

    /// Whether a checkpoint is a Perception Encoder, by its configuration alone; nil if it cannot be read, which
    /// loading it will report.
    func isPerceptionEncoder(_ source: ModelSource) -> Bool? {
        try? CheckpointFiles.network(of: ModelDirectory(path: source.directory)).isPerceptionEncoder
    }

    /// Reads every file of a checkpoint, and refuses the whole checkpoint, with the file or tensor named, if anything
    /// is wrong.
    ///
    /// The work runs on a thread of its own.
    ///
    /// - Parameters:
    ///   - isBeside: whether other models are serving meanwhile.
    ///   - ticket: the number of the load.
    ///   - onEnd: called once the model's memory is free.
    func load(
        _ source: ModelSource,
        isBeside: Bool,
        ticket: Int,
        onEnd: @escaping @Sendable () -> Void
    ) async throws(EmbeddingError) -> LoadedModel {
        let start = ContinuousClock.now
        let costs = CostMeter()
        let asked = configuration.precision
        let (worker, found) = try await ModelWorker.start(
            name: source.name,
            threads: configuration.computeThreads,
            usesOneDNNOnly: configuration.usesOneDNNOnly,
            prefixBytes: configuration.textCacheBytes / Self.prefixPart,
            costs: costs,
            metrics: metrics,
            isBeside: isBeside,
            onEnd: onEnd
        ) { (engine) throws(EmbeddingError) in
            let format = try asked.format(where: engine.isNative)
            let files = try CheckpointFiles(source)
            do {
                let checkpoint = try files.directory.weights()
                let byteCount = ModelFootprint.byteCount(
                    of: checkpoint,
                    files.model,
                    format: format,
                    engine: engine,
                    configuration
                )
                let (copy, problem) = packedCopy(of: checkpoint, format: format, engine: engine)
                let model = try CLIPModel(
                    configuration: files.model,
                    checkpoint: checkpoint,
                    layout: files.directory.layout,
                    pixels: files.recipe.map { PixelTable($0.byteValues) },
                    format: format,
                    copy: copy,
                    engine: engine
                )
                return (
                    model,
                    (
                        files, format, byteCount, copy?.isComplete ?? false, copy?.refusal ?? problem,
                        model.scoring
                    )
                )
            } catch {
                throw EmbeddingError.modelUnavailable(name: source.name, cause: "\(error)")
            }
        }
        let (files, format, byteCount, isFromCopy, refusal, scoring) = found
        return LoadedModel(
            ticket: ticket,
            description: ModelDescription(
                name: source.name,
                isDefault: source.name == configuration.models.first?.name,
                imageSize: files.model.vision?.imageSize,
                embeddingWidth: files.model.embeddingWidth,
                contextLength: files.model.text?.contextLength,
                isPerceptionEncoder: files.model.isPerceptionEncoder,
                precision: Precision(format),
                loadTime: ContinuousClock.now - start,
                isFromPackedCopy: isFromCopy,
                packedCopyProblem: refusal.map { "\($0)" },
                byteCount: byteCount,
                source: source
            ),
            images: files.recipe.map { imageSide($0, costs) },
            texts: files.tokenizer.map { textSide($0, beside: worker.prefixes.limit) },
            scoring: scoring,
            worker: worker,
            costs: costs
        )
    }

    private func imageSide(_ recipe: PreprocessingRecipe, _ costs: CostMeter) -> LoadedModel.ImageSide {
        LoadedModel.ImageSide(
            preprocessor: ImagePreprocessor(
                recipe: recipe,
                limits: configuration.imageLimits,
                shrinksJPEGs: configuration.decoding == .fast
            ),
            cache: EmbeddingCache(limit: configuration.imageCacheBytes, metrics: metrics.images) { _ in
                MemoryLayout<ContentHash>.size
            },
            costs: costs
        )
    }

    /// Of the bytes for a model's texts prefixes of captions may take one of so many parts.
    private static let prefixPart = 4

    /// - Parameter prefixBytes: how many bytes of texts are for prefixes.
    private func textSide(
        _ tokenizer: CaptionTokenizer,
        beside prefixBytes: Int
    ) -> LoadedModel.TextSide {
        LoadedModel.TextSide(
            tokenizer: tokenizer,
            cache: EmbeddingCache(
                limit: configuration.textCacheBytes - prefixBytes,
                metrics: metrics.texts
            ) {
                $0.count * MemoryLayout<Int32>.size
            }
        )
    }

    /// The copy of a checkpoint's packed weights, or why there is none; both are nil if no copy is wanted.
    private func packedCopy(
        of checkpoint: Checkpoint,
        format: NumberFormat,
        engine: ComputeEngine
    ) -> (copy: PackedCopy?, problem: WeightError?) {
        guard let directory = configuration.packedCacheDirectory,
            checkpoint.byteCount >= configuration.leastPackedBytes
        else { return (nil, nil) }
        do {
            // The key has everything that weights depend on, including the order in which they are packed.
            let packing = try Linear.packing(
                inputs: 768,
                outputs: 768,
                format: format,
                in: ComputeContext(engine: engine)
            )
            let key =
                try
                "6 \(ComputeEngine.processor) \(ComputeEngine.libraryVersion) \(packing) \(format.rawValue) "
                + checkpoint.content(notedIn: directory)
            return (try PackedCopy(directory: directory, key: key), nil)
        } catch let problem as WeightError {
            return (nil, problem)
        } catch {
            return (nil, nil)  // the kernels', which tell it themselves when the model is made
        }
    }
}
