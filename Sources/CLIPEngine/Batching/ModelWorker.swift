internal import CLIPModels
internal import Foundation

/// Owns one model and the thread that runs it.
///
/// The model is made, used and freed on that thread alone, which is why it need not be `Sendable`. Releasing the worker
/// lets what waits be finished, then ends the thread and frees the model.
final class ModelWorker: Sendable {
    private let batcher: Batcher

    private init(batcher: Batcher) {
        self.batcher = batcher
    }

    deinit {
        batcher.close()
    }

    /// Starts the thread and loads the model on it, with whatever else is read from its files.
    static func start<Companion: Sendable>(
        name: String,
        limits: BatchLimits,
        load: @escaping @Sendable () throws(EmbeddingError) -> (model: CLIPModel, companion: Companion)
    ) async throws(EmbeddingError) -> (worker: ModelWorker, companion: Companion) {
        let batcher = Batcher(limits: limits)
        let loaded: Result<Companion, EmbeddingError> = await withCheckedContinuation { continuation in
            let thread = Thread {
                let model: CLIPModel
                do throws(EmbeddingError) {
                    let companion: Companion
                    (model, companion) = try load()
                    continuation.resume(returning: .success(companion))
                } catch {
                    return continuation.resume(returning: .failure(error))
                }
                while let batch = batcher.nextBatch() {
                    batcher.finish(batch, with: embeddings(of: batch, by: model))
                }
            }
            thread.name = "model-\(name)"
            thread.start()
        }
        let companion = try loaded.get()
        return (ModelWorker(batcher: batcher), companion)
    }

    /// Embeddings of normalised images, each (3, imageSize, imageSize).
    func embed(pixelValues: [[Float]]) async throws(EmbeddingError) -> Batcher.Outcome {
        try await batcher.embed(pixelValues.map(Batcher.Payload.pixelValues), lane: .images)
    }

    /// Embeddings of token sequences without padding.
    func embed(tokens: [[Int32]]) async throws(EmbeddingError) -> Batcher.Outcome {
        try await batcher.embed(tokens.map(Batcher.Payload.tokens), lane: .texts)
    }

    private static func embeddings(
        of batch: Batcher.Batch,
        by model: CLIPModel
    ) -> Result<[Embedding], EmbeddingError> {
        do throws(ModelError) {
            let values: [Float]
            switch batch.lane {
            case .images:
                let pixelValues = batch.items.flatMap { item -> [Float] in
                    guard case .pixelValues(let values) = item.payload else { return [] }
                    return values
                }
                values = try model.imageEmbeddings(pixelValues: pixelValues, count: batch.items.count)
            case .texts:
                let tokens = batch.items.compactMap { item -> [Int32]? in
                    guard case .tokens(let ids) = item.payload else { return nil }
                    return ids
                }
                values = try model.textEmbeddings(tokens: tokens)
            }
            let width = model.configuration.embeddingWidth
            return .success(
                stride(from: 0, to: values.count, by: width).map { start in
                    Embedding(values: Array(values[start..<start + width]))
                }
            )
        } catch {
            return .failure(.failed("forward pass of \(batch.items.count) items: \(error)"))
        }
    }
}
