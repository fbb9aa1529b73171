import CLIPKernels

/// The blocks of a tower: all tokens in, the pooled token of every sequence out.
struct TransformerEncoder: Sendable {
    let blocks: [TransformerBlock]
    let last: PoolingBlock
    /// How threads divide a pass by columns; nil where they cannot.
    let division: ColumnDivision?
    /// Whether oneDNN compiles the layers for every number of rows.
    var compilesForRows: Bool { last.keyValue.compilesForRows }

    init(
        _ weights: WeightReader,
        below name: String,
        _ shape: ModelConfiguration.Encoder
    ) throws(ModelError) {
        var blocks: [TransformerBlock] = []
        for index in 0..<shape.layers - 1 {
            blocks.append(try TransformerBlock(weights.scope("\(name).\(index)"), shape))
        }
        self.blocks = blocks
        last = try PoolingBlock(weights.scope("\(name).\(shape.layers - 1)"), shape)
        let division = ColumnDivision(shape, format: last.keyValue.format)
        self.division = division.flatMap { [last] division in
            last.isDivided(by: division, in: weights.context)
                && blocks.allSatisfy { $0.isDivided(by: division, in: weights.context) } ? division : nil
        }
    }

    /// (tokens, width), the pass's own and filling rows, which it overwrites -> (members, width), a row for each sequence
    /// whose pooled row is one of them.
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
        // Two in turns where threads share the pass: one may write the keys of the next block while another still
        // reads those of this one.
        var parts: [Matrix] = []
        for _ in 0..<(pass.share.isWhole ? 1 : 2) {
            parts.append(
                try pass.share.matrix(
                    rows: pass.allRows,
                    width: 3 * tokens.width,
                    format: last.keyFormat,
                    in: context
                )
            )
        }
        for (index, block) in blocks.enumerated() {
            try block(tokens, of: pass, parts: parts[index % parts.count], mask: mask, in: context)
            observer?(.block(index), tokens.rows(0..<pass.rows.count))
        }
        try last(tokens, of: pass, parts: parts[blocks.count % parts.count], into: pooled, in: context)
        observer?(.block(blocks.count), pooled)
    }
}
