internal import CLIPKernels
internal import CLIPModels
internal import CLIPWeights

/// What a checkpoint will be in memory, found without loading it.
public struct ModelOutline: Equatable, Sendable {
    /// The side of the square that images are resized to, in pixels; nil if there is no image tower.
    public let imageSize: Int?
    /// The number of values in an embedding.
    public let embeddingWidth: Int
    /// The largest number of tokens of a text, including the special tokens; nil if there is no text tower.
    public let contextLength: Int?
    /// The towers that the checkpoint has.
    public var towers: [Tower] { Tower.all(imageSize: imageSize, contextLength: contextLength) }
    /// The number format that the forward pass will run in; never `auto`.
    public let precision: Precision
    /// The bytes that will count against ``EngineConfiguration/modelMemory``.
    public let byteCount: Int

    /// Reads a checkpoint's configuration, its vocabulary and the headers of its weights, but no weights.
    ///
    /// - Throws: `modelUnavailable`, with what is wrong; `invalidConfiguration` for a precision that this processor
    ///   lacks.
    public init(of source: ModelSource, _ configuration: EngineConfiguration) throws(EmbeddingError) {
        let files = try CheckpointFiles(source)
        let (format, byteCount): (NumberFormat, Int)
        do {
            let engine = try ComputeEngine()
            format = try configuration.precision.format(where: engine.isNative)
            byteCount = ModelFootprint.byteCount(
                of: try files.directory.weights(),
                files.model,
                format: format,
                engine: engine,
                configuration
            )
        } catch let error as EmbeddingError {
            throw error
        } catch {
            throw .modelUnavailable(name: source.name, cause: "\(error)")
        }
        imageSize = files.model.vision?.imageSize
        embeddingWidth = files.model.embeddingWidth
        contextLength = files.model.text?.contextLength
        precision = Precision(format)
        self.byteCount = byteCount
    }
}
