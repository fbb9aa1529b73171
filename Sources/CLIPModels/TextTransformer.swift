import CLIPKernels

/// The text tower: token ids in, embeddings out.
///
/// It is causal, so nothing behind end-of-text can change the embedding: only the tokens up to there are computed.
/// Captions of any lengths lie behind each other without padding.
///
/// The reference is `encode_text` of open_clip 3.3.0 (`open_clip/model.py`).
struct TextTransformer: Sendable {
    private let shape: ModelConfiguration.Text
    private let table: TokenTable
    private let positions: Tensor
    private let encoder: TransformerEncoder
    private let head: EmbeddingHead

    init(_ weights: WeightReader, _ shape: ModelConfiguration.Text, embeddingWidth: Int) throws(ModelError) {
        let names = weights.names
        let width = shape.encoder.width
        self.shape = shape
        table = try weights.tokenTable(names.tokenTable, tokens: shape.vocabularySize, width: width)
        positions = try weights.tensor(names.text.positions, shape: [shape.contextLength, width])
        encoder = try TransformerEncoder(weights, below: names.text.blocks, shape.encoder)
        head = try EmbeddingHead(
            weights,
            names.text,
            width: width,
            epsilon: shape.encoder.layerNormEpsilon,
            embeddingWidth: embeddingWidth
        )
    }

    /// Among how many threads a pass of few rows is divided by columns at most.
    var columnParts: Int { encoder.division?.parts ?? 0 }

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

    /// Captions, as `relevantTokens` gives them -> (captions, embeddingWidth), of which a share fills its own rows.
    func embed(
        _ captions: [ArraySlice<Int32>],
        into embeddings: Matrix,
        share: PassShare,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = shape.encoder.width
        let sequences = SequenceLayout(lengths: captions.map(\.count))
        let pass = TransformerPass(
            sequences,
            pooledRows: sequences.lastRows,
            share: share,
            division: encoder.division,
            isFilled: encoder.compilesForRows
        )
        let tokens = try context.scratch.matrix(rows: pass.filledRows.count, width: width)
        let pooled = try context.scratch.matrix(rows: pass.members.count, width: width)

        for index in sequences.sequences(in: pass.rows) {
            let all = sequences.rows(of: index)
            for row in all.clamped(to: pass.rows) {
                let position = row - all.lowerBound
                table.look(
                    up: Int(captions[index][captions[index].startIndex + position]),
                    adding: positions.matrix.row(position),
                    into: tokens.row(row - pass.rows.lowerBound)
                )
            }
        }
        tokens.rows(pass.rows.count..<tokens.rows).fillWithZeros()
        observer?(.tokens, tokens.rows(0..<pass.rows.count))
        try encoder(tokens, of: pass, mask: .causal, into: pooled, observer: observer, in: context)
        try head(pooled, into: embeddings.rows(pass.members), observer: observer, in: context)
    }
}
