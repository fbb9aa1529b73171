internal import CLIPKernels
internal import CLIPModels
internal import CLIPWeights

/// What a checkpoint will be in memory, known without loading it.
public struct ModelOutline: Equatable, Sendable {
    /// Side of the square that images are brought to, in pixels; nil where there is no image tower.
    public let imageSize: Int?
    /// Numbers in one embedding.
    public let embeddingWidth: Int
    /// Token positions of a text, the special tokens included; nil where there is no text tower.
    public let contextLength: Int?
    /// The towers that the checkpoint has.
    public var towers: [Tower] { Tower.all(imageSize: imageSize, contextLength: contextLength) }
    /// The number format that the forward pass will run in; never `auto`.
    public let precision: Precision
    /// Bytes that it will take of ``EngineConfiguration/modelMemory``.
    public let byteCount: Int

    /// Reads a checkpoint's configuration, its vocabulary and the headers of its weights, and no weights.
    ///
    /// - Throws: `modelUnavailable`, naming what is wrong; `invalidConfiguration` for a precision that this processor lacks.
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
