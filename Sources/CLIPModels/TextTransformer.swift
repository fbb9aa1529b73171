import CLIPKernels

/// The text tower, which turns token ids into embeddings.
///
/// If it is causal, nothing after end-of-text can change the embedding. So only the tokens up to there are computed,
/// and captions of any lengths lie one after the other without padding. If it is not causal, all of the context
/// matters.
///
/// The reference is `encode_text` of open_clip 3.3.0 (`open_clip/model.py`).
struct TextTransformer: Sendable {
    private let shape: ModelConfiguration.Text
    private let table: TokenRows
    private let positions: Tensor
    private let encoder: TransformerEncoder
    private let head: EmbeddingHead

    init(_ weights: WeightReader, _ shape: ModelConfiguration.Text, embeddingWidth: Int) throws(ModelError) {
        let names = weights.names
        let width = shape.encoder.width
        self.shape = shape
        table = try weights.tokenRows(names.tokenTable, tokens: shape.vocabularySize, width: width)
        positions = try weights.tensor(names.text.positions, shape: [shape.contextLength, width])
        encoder = try TransformerEncoder(weights, names.text, shape.encoder)
        head = try EmbeddingHead(
            weights,
            names.text,
            shape.projection,
            width: width,
            epsilon: shape.encoder.layerNormEpsilon,
            embeddingWidth: embeddingWidth
        )
    }

    /// The most threads among which a pass of few rows is divided by columns; 0 if it cannot be.
    var columnParts: Int { encoder.division?.parts ?? 0 }

    /// The tokens of a caption on which its embedding depends, and which of them is pooled.
    ///
    /// If padding matters, the tokens have to fill the context; otherwise they end with the pooled one. `caption` is
    /// the caption's index for the error.
    func relevantTokens(of ids: [Int32], caption: Int) throws(ModelError) -> Caption {
        for id in ids where id < 0 || id >= shape.vocabularySize {
            throw .tokenOutOfVocabulary(id: id, vocabularySize: shape.vocabularySize)
        }
        guard let position = shape.pooledIndex(of: ids) else { throw .noEndOfText(caption: caption) }
        let count = shape.readsWholeContext ? ids.count : position + 1
        guard count <= shape.contextLength else {
            throw .tooManyTokens(count: count, limit: shape.contextLength)
        }
        guard !shape.readsWholeContext || count == shape.contextLength else {
            throw .tooFewTokens(count: count, contextLength: shape.contextLength)
        }
        return Caption(ids: ids[..<count], pooled: position)
    }

    /// The tokens of a caption that a pass computes.
    struct Caption {
        let ids: ArraySlice<Int32>
        /// The index of the token that gives the embedding.
        let pooled: Int
    }

    /// Whether captions share the rows of tokens with which they begin alike.
    var sharesPrefixes: Bool { !shape.readsWholeContext }

    /// The bytes of one token's keys and values in every block.
    var prefixBytesPerToken: Int { encoder.keyBytesPerToken(width: shape.encoder.width) }

    /// Memory for the keys and values of a prefix.
    func prefix(_ tokens: [Int32]) throws(KernelError) -> CaptionPrefix {
        try encoder.prefix(tokens, width: shape.encoder.width)
    }

    /// Turns the captions of a pass into (captions, embeddingWidth); a share fills only its own rows.
    func embed(
        _ tree: CaptionTree,
        into embeddings: Matrix,
        share: PassShare,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(ModelError) {
        let width = shape.encoder.width
        let captions = tree.captions
        let sequences = tree.layout
        let pass = TransformerPass(
            sequences,
            prefixes: PassPrefixes(cached: tree.cached, wanted: tree.wanted),
            pooledRows: zip(sequences.lastRows, captions).map { $0 + 1 - $1.ids.count + $1.pooled },
            share: share,
            division: encoder.division,
            isFilled: encoder.compilesForRows
        )
        let (tokens, pooled) = try ModelError.wrapping { () throws(KernelError) in
            (
                try context.scratch.matrix(rows: pass.filledRows.count, width: width),
                try context.scratch.matrix(rows: pass.members.count, width: width)
            )
        }
        for index in sequences.sequences(in: pass.rows) {
            let all = sequences.rows(of: index)
            let ids = captions[index].ids
            for row in all.clamped(to: pass.rows) {
                let position = ids.count - all.count + row - all.lowerBound
                try table.look(
                    up: Int(ids[position]),
                    adding: positions.matrix.row(position),
                    into: tokens.row(row - pass.rows.lowerBound)
                )
            }
        }
        tokens.rows(pass.rows.count..<tokens.rows).fillWithZeros()
        observer?(.tokens, tokens.rows(0..<pass.rows.count))
        try ModelError.wrapping { () throws(KernelError) in
            try encoder(
                tokens,
                of: pass,
                mask: shape.isCausal ? .causal : .none,
                into: pooled,
                observer: observer,
                in: context
            )
            try head(pooled, into: embeddings.rows(pass.members), observer: observer, in: context)
        }
    }
}
