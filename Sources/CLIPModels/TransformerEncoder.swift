import CLIPKernels

/// The blocks of a tower, which turn all tokens into the pooled token of every sequence, or into all tokens again.
struct TransformerEncoder: Sendable {
    let blocks: [TransformerBlock]
    /// The last block of a tower of which only pooled tokens are needed; nil if all tokens are needed.
    let last: PoolingBlock?
    /// How threads divide a pass by columns; nil if they cannot.
    let division: ColumnDivision?
    /// Whether oneDNN compiles the layers for every number of rows.
    let compilesForRows: Bool
    /// The format of keys and values.
    private let keyFormat: NumberFormat

    /// - Parameters:
    ///   - pools: whether only one token of each sequence is needed.
    ///   - rotation: the rotation of queries and keys, in a tower that does not pool.
    init(
        _ weights: WeightReader,
        _ names: CheckpointNames.Tower,
        _ shape: ModelConfiguration.Encoder,
        pools: Bool = true,
        rotation: RotaryPositions? = nil
    ) throws(ModelError) {
        precondition(!pools || rotation == nil, "The last block's query is not turned.")
        let layers =
            shape.layers
            ?? weights.blocks(
                below: names.blocks,
                holding: "\(names.block.attentionNorm).weight",
                limit: ModelBounds.layers.upperBound
            )
        // Without blocks, the error names the missing tensors of the first block.
        let count = max(layers, 1)
        var blocks: [TransformerBlock] = []
        for index in 0..<(pools ? count - 1 : count) {
            blocks.append(
                try TransformerBlock(
                    weights.scope("\(names.blocks).\(index)"),
                    shape,
                    names.block,
                    rotation: rotation
                )
            )
        }
        self.blocks = blocks
        last =
            pools
            ? try PoolingBlock(weights.scope("\(names.blocks).\(count - 1)"), shape, names.block) : nil
        let layer = last?.keyValue ?? blocks[0].queryKeyValue
        compilesForRows = layer.compilesForRows
        keyFormat = layer.format.betweenLayers
        let division = ColumnDivision(shape, format: layer.format)
        self.division = division.flatMap { [last] division in
            last?.isDivided(by: division, in: weights.context) ?? true
                && blocks.allSatisfy { $0.isDivided(by: division, in: weights.context) } ? division : nil
        }
    }

    /// The bytes of one token's keys and values in every block.
    func keyBytesPerToken(width: Int) -> Int {
        (blocks.count + (last == nil ? 0 : 1)) * 2 * width * keyFormat.byteCount
    }

    /// Memory for the keys and values of a prefix in every block.
    func prefix(_ tokens: [Int32], width: Int) throws(KernelError) -> CaptionPrefix {
        try CaptionPrefix(
            tokens,
            blocks: blocks.count + (last == nil ? 0 : 1),
            width: width,
            format: keyFormat
        )
    }

    /// Turns the pass's own and filling rows, (tokens, width), which it overwrites, into (members, width).
    ///
    /// The result has a row for each sequence whose pooled row is one of the own rows. If the tower does not pool,
    /// `pooled` is not changed, and the result is in `tokens`.
    func callAsFunction(
        _ tokens: Matrix,
        of pass: TransformerPass,
        mask: Attention.Mask,
        into pooled: Matrix,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        if let division = pass.division {
            return try byColumns(tokens, of: pass, division, mask: mask, into: pooled, in: context)
        }
        // Threads that share a pass use two buffers in turn: one thread may write the keys of the next block while
        // another still reads those of this one.
        var parts: [Matrix] = []
        for _ in 0..<(pass.share.isWhole ? 1 : 2) {
            parts.append(
                try pass.share.matrix(
                    rows: pass.keyRows,
                    width: 3 * tokens.width,
                    format: keyFormat,
                    in: context
                )
            )
        }
        for (index, block) in blocks.enumerated() {
            let parts = parts[index % parts.count]
            try withPrefixes(of: pass, block: index, parts.columns(tokens.width..<3 * tokens.width)) {
                () throws(KernelError) in
                try block(
                    tokens,
                    of: pass,
                    parts: parts,
                    mask: mask,
                    before: weights(after: index),
                    in: context
                )
            }
            observer?(.block(index), tokens.rows(0..<pass.rows.count))
        }
        guard let last else { return }
        let keyValue = parts[blocks.count % parts.count].reshaped(rows: pass.keyRows, width: 2 * tokens.width)
        try withPrefixes(of: pass, block: blocks.count, keyValue) { () throws(KernelError) in
            try last(tokens, of: pass, keyValue: keyValue, into: pooled, in: context)
        }
        observer?(.block(blocks.count), pooled)
    }

    /// The weights that a thread with the columns from this one on reads after a block.
    func weights(after block: Int, from column: Int = 0) -> NextWeights? {
        block + 1 < blocks.count
            ? NextWeights(blocks[block + 1].queryKeyValue, from: column)
            : last.map { NextWeights($0.keyValue, from: column) }
    }

    /// Has one of the threads read a block's cached prefixes before it and fill the wanted ones after it.
    ///
    /// The threads meet within a block between writing keys and reading them, and use two buffers in turn. So nobody
    /// reads the cached rows before they are there, and nobody writes what is copied afterwards.
    private func withPrefixes(
        of pass: TransformerPass,
        block: Int,
        _ keyValue: Matrix,
        compute: () throws(KernelError) -> Void
    ) throws(KernelError) {
        guard pass.share.index == 0, !pass.prefixes.isEmpty else { return try compute() }
        let width = keyValue.width / 2
        let (key, value) = (keyValue.columns(0..<width), keyValue.columns(width..<2 * width))
        pass.prefixes.read(block: block, columns: 0..<width, into: key, value)
        try compute()
        pass.prefixes.fill(block: block, columns: 0..<width, from: key, value)
    }
}
