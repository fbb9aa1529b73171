import CLIPKernels

/// The text tower: token ids in, embeddings out.
///
/// It is causal, so nothing behind end-of-text can change the embedding: only the tokens up to there are computed.
/// Captions of any lengths lie behind each other without padding.
///
/// The reference is `encode_text` of open_clip 3.3.0 (`open_clip/model.py`).
final class TextTransformer {
    private let shape: ModelConfiguration.Text
    private let table: Tensor
    private let positions: Tensor
    private let encoder: TransformerEncoder
    private let finalNorm: LayerNorm
    private let projection: Linear
    private let scratch: ScratchArena

    init(_ weights: WeightReader, _ shape: ModelConfiguration.Text, embeddingWidth: Int) throws(ModelError) {
        let names = weights.names
        let width = shape.encoder.width
        self.shape = shape
        scratch = weights.context.scratch
        table = try weights.tensor(names.tokenTable, shape: [shape.vocabularySize, width])
        positions = try weights.tensor(names.text.positions, shape: [shape.contextLength, width])
        encoder = try TransformerEncoder(weights, below: names.text.blocks, shape.encoder)
        finalNorm = try weights.layerNorm(
            names.text.finalNorm,
            width: width,
            epsilon: shape.encoder.layerNormEpsilon
        )
        projection = try weights.projection(names.text, width: width, embedding: embeddingWidth)
    }

    /// The tokens of a caption that its embedding depends on: up to the pooled one, which is the last of the result.
    ///
    /// `caption` is the caption's index, for the error.
    func relevantTokens(of ids: [Int32], caption: Int) throws(ModelError) -> ArraySlice<Int32> {
        for id in ids where id < 0 || id >= shape.vocabularySize {
            throw .tokenOutOfVocabulary(id: id, vocabularySize: shape.vocabularySize)
        }
        let position =
            switch shape.pooling {
            case .largestID: ids.max().flatMap { ids.firstIndex(of: $0) }
            case .first(let id): ids.firstIndex(of: id)
            }
        guard let position else { throw .noEndOfText(caption: caption) }
        guard position < shape.contextLength else {
            throw .tooManyTokens(count: position + 1, limit: shape.contextLength)
        }
        return ids[...position]
    }

    /// Captions, as `relevantTokens` gives them -> (captions, embeddingWidth).
    ///
    /// Fastest when captions of equal length are neighbours.
    func embed(
        _ captions: [ArraySlice<Int32>],
        into embeddings: Matrix,
        observer: StageObserver?
    ) throws(KernelError) {
        let width = shape.encoder.width
        let sequences = SequenceLayout(lengths: captions.map(\.count))
        let tokens = try scratch.matrix(rows: sequences.rows, width: width)
        let pooled = try scratch.matrix(rows: captions.count, width: width)

        var row = 0
        for caption in captions {
            for (position, id) in caption.enumerated() {
                let target = tokens.row(row)
                let entry = table.matrix.row(Int(id))
                let place = positions.matrix.row(position)
                for column in 0..<width { target[column] = entry[column] + place[column] }
                row += 1
            }
        }
        observer?(.tokens, tokens)
        try encoder(
            tokens,
            sequences: sequences,
            mask: .causal,
            pooledRows: sequences.lastRows,
            into: pooled,
            observer: observer
        )
        try finalNorm(pooled, into: pooled)  // (captions, width)
        observer?(.features, pooled)
        try projection(pooled, into: embeddings)  // (captions, width) -> (captions, embeddingWidth)
        observer?(.embedding, embeddings)
    }
}
