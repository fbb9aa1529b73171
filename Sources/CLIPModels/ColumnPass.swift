import CLIPKernels

/// A forward pass in which every thread computes all rows, but only some of the columns.
///
/// If threads share a pass by rows, each of them reads all weights. With many rows to a thread this costs nothing, but
/// with few rows the threads wait for memory. By columns, each thread reads only its part of the weights: some heads of
/// attention, some of the hidden floats of the MLP, and some columns of what is added to the tokens. The threads meet
/// wherever whole rows are needed: six times in a block, and eight times if rows become bytes.
struct ColumnPass {
    /// This thread's part.
    let share: PassShare
    /// The sequences of the pass.
    let sequences: SequenceLayout
    /// The prefixes that some of them continue, and those to be filled.
    let prefixes: PassPrefixes
    /// The number of computed rows; those after the sequences' rows are empty.
    let rows: Int
    /// The rows that this thread normalises.
    let ownRows: Range<Int>
    /// The row of each sequence from which its embedding is taken.
    let pooledRows: [Int]
    /// The columns of the tokens, and of queries, keys and values, for each thread.
    let columns: [Range<Int>]
    /// The columns between the two layers of the MLP, for each thread.
    let hiddenColumns: [Range<Int>]
    /// The tokens.
    let tokens: ColumnSlices
    /// The input of the linear layers, (rows, width).
    let normal: Matrix
    /// The result of attention, (rows, width), as floats.
    let mixed: Matrix
    /// The hidden floats of the MLP, (rows, MLP width).
    let hidden: Matrix
    /// The hidden floats as the next layer reads them.
    ///
    /// If they become bytes, each row has a scale, so the whole row has to be there first.
    let keptHidden: Matrix

    /// Takes the memory of a pass, for which all its threads ask at the same time.
    init(_ pass: TransformerPass, _ division: ColumnDivision, in context: ComputeContext) throws(KernelError)
    {
        share = pass.share
        sequences = pass.sequences
        prefixes = pass.prefixes
        rows = pass.allRows
        ownRows = pass.filledRows
        pooledRows = pass.pooledRows
        columns = share.columns(of: division.width, every: division.unit)
        hiddenColumns = share.columns(of: division.hiddenWidth, every: ColumnDivision.block)
        let (width, hiddenWidth, format) = (division.width, division.hiddenWidth, division.format)
        tokens = ColumnSlices(
            memory: try share.matrix(rows: rows, width: width, in: context),
            rows: rows,
            columns: columns
        )
        normal = try share.matrix(rows: rows, width: width, format: format, in: context)
        mixed = try share.matrix(rows: rows, width: width, format: format.betweenLayers, in: context)
        hidden = try share.matrix(
            rows: rows,
            width: hiddenWidth,
            format: format.betweenLayers,
            in: context
        )
        keptHidden =
            format == format.betweenLayers
            ? hidden : try share.matrix(rows: rows, width: hiddenWidth, format: format, in: context)
    }

    /// This thread's columns of the tokens.
    var ownColumns: Range<Int> { columns[share.index] }

    /// Makes this thread's columns of keys and values, (key rows, own columns), of which `compute` writes the rows of
    /// the pass.
    func keysAndValues(
        block: Int,
        in context: ComputeContext,
        compute: (_ key: Matrix, _ value: Matrix) throws(KernelError) -> Void
    ) throws(KernelError) -> (key: Matrix, value: Matrix) {
        func part() throws(KernelError) -> Matrix {
            let count = sequences.cachedRows + rows
            return try context.scratch.matrix(rows: count, width: ownColumns.count, format: mixed.format)
        }
        let (key, value) = (try part(), try part())
        let computed = sequences.cachedRows..<key.rows
        prefixes.read(block: block, columns: ownColumns, into: key, value)
        try compute(key.rows(computed), value.rows(computed))
        prefixes.fill(block: block, columns: ownColumns, from: key, value)
        return (key, value)
    }

    /// This thread's part of `count` rows, which are those of the pass or the pooled ones.
    private func own(of count: Int) -> Range<Int> { count == rows ? ownRows : share.rows(of: count) }

    /// The matrix itself if it has the format of `other`; otherwise a copy in `other`, of which each thread makes its
    /// own rows.
    ///
    /// All threads have to have met since they wrote the matrix.
    func kept(_ floats: Matrix, in other: Matrix) throws(KernelError) -> Matrix {
        guard floats.format != other.format else { return floats }
        let own = own(of: floats.rows)
        floats.rows(own).convert(into: other.rows(own))
        try share.meet()
        return other
    }

    /// Normalises this thread's rows of `tokens`, then waits until the others have done theirs.
    func normalise(
        _ tokens: ColumnSlices,
        with norm: LayerNorm,
        in context: ComputeContext
    ) throws(KernelError) -> Matrix {
        let normal = normal.rows(0..<tokens.rows)
        let own = own(of: tokens.rows)
        try context.scratch.scope { () throws(KernelError) in
            let whole = try context.scratch.matrix(rows: own.count, width: normal.width)
            tokens.gather(own, into: whole)
            norm(whole, into: normal.rows(own))
        }
        try share.meet()
        return normal
    }
}

extension TransformerEncoder {
    /// Runs the whole pass by columns.
    ///
    /// - Parameters:
    ///   - tokens: (filled rows, width), of which this thread has a part.
    ///   - pooled: (members, width), of which this thread has a part.
    func byColumns(
        _ tokens: Matrix,
        of pass: TransformerPass,
        _ division: ColumnDivision,
        mask: Attention.Mask,
        into pooled: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        let columns = try ColumnPass(pass, division, in: context)
        columns.tokens.scatter(tokens, to: columns.ownRows)
        try pass.share.meet()
        for (index, block) in blocks.enumerated() {
            let next =
                columns.ownColumns.isEmpty ? nil : weights(after: index, from: columns.ownColumns.lowerBound)
            try block.byColumns(columns, index: index, mask: mask, before: next, in: context)
        }
        guard let last else { return columns.tokens.gather(columns.ownRows, into: tokens) }
        let pooledSlices = ColumnSlices(
            memory: try pass.share.matrix(rows: pass.sequences.count, width: division.width, in: context),
            rows: pass.sequences.count,
            columns: columns.columns
        )
        try last.byColumns(columns, index: blocks.count, into: pooledSlices, in: context)
        if pooled.rows > 0 { pooledSlices.gather(pass.members, into: pooled) }
    }
}

extension TransformerBlock {
    /// Replaces the tokens of a pass by the block's result.
    fileprivate func byColumns(
        _ pass: ColumnPass,
        index: Int,
        mask: Attention.Mask,
        before next: NextWeights?,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = pass.normal.width
        let own = pass.ownColumns
        let normal = try pass.normalise(pass.tokens, with: norm, in: context)
        try context.scratch.scope { () throws(KernelError) in
            guard !own.isEmpty else { return }
            let rows = 0..<pass.sequences.rows
            // (rows, width) -> (rows, own columns), for queries, keys or values, which begin at that column
            func project(_ first: Int, into part: Matrix, before next: NextWeights) throws(KernelError) {
                let columns = first + own.lowerBound..<first + own.upperBound
                try queryKeyValue(normal, columns: columns, into: part, before: next, in: context)
            }
            let keyWeights = NextWeights(queryKeyValue, from: width + own.lowerBound)
            let valueWeights = NextWeights(queryKeyValue, from: 2 * width + own.lowerBound)
            let query = try context.scratch.matrix(
                rows: pass.rows,
                width: own.count,
                format: pass.mixed.format
            )
            try project(0, into: query, before: keyWeights)
            rotation?.rotate(query.rows(rows), first: 0)
            let (key, value) = try pass.keysAndValues(block: index, in: context) {
                (key, value) throws(KernelError) in
                try project(width, into: key, before: valueWeights)
                try project(2 * width, into: value, before: NextWeights(output, from: own.lowerBound))
                rotation?.rotate(key.rows(rows), first: 0)
            }
            try attention.heads(of: own, in: width)(
                query: query.rows(rows),
                key: key,
                value: value,
                sequences: pass.sequences,
                rows: rows,
                mask: mask,
                into: pass.mixed.columns(own).rows(rows),
                in: context
            )
            pass.mixed.columns(own).rows(pass.sequences.rows..<pass.rows).fillWithZeros()
        }
        try pass.share.meet()
        let mixed = try pass.kept(pass.mixed, in: normal)
        if let tokens = pass.tokens[pass.share.index] {
            // added to (rows, own columns)
            try output(mixed, columns: own, into: tokens, before: feedForward.begin(pass), in: context)
        }
        try pass.share.meet()
        try feedForward.byColumns(pass, pass.tokens, before: next, in: context)
    }
}

extension PoolingBlock {
    /// Computes the block's result for the pooled rows of a pass: (sequences, width).
    fileprivate func byColumns(
        _ pass: ColumnPass,
        index: Int,
        into pooled: ColumnSlices,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = pass.normal.width
        let own = pass.ownColumns
        let mixed = pass.mixed.rows(0..<pooled.rows)
        let normal = try pass.normalise(pass.tokens, with: norm, in: context)
        try context.scratch.scope { () throws(KernelError) in
            guard !own.isEmpty, let tokens = pass.tokens[pass.share.index],
                let pooled = pooled[pass.share.index]
            else { return }
            let scratch = context.scratch
            let chosen = try scratch.matrix(rows: pooled.rows, width: width, format: normal.format)
            let asked = try scratch.matrix(rows: pooled.rows, width: own.count, format: mixed.format)
            let (key, value) = try pass.keysAndValues(block: index, in: context) {
                (key, value) throws(KernelError) in
                let values = width + own.lowerBound..<width + own.upperBound
                let valueWeights = NextWeights(keyValue, from: values.lowerBound)
                let queryWeights = NextWeights(query, from: own.lowerBound)
                try keyValue(normal, columns: own, into: key, before: valueWeights, in: context)
                try keyValue(normal, columns: values, into: value, before: queryWeights, in: context)
            }
            chosen.gather(pass.pooledRows, from: normal)
            let outputWeights = NextWeights(output, from: own.lowerBound)
            try query(chosen, columns: own, into: asked, before: outputWeights, in: context)
            try attention.heads(of: own, in: width).pooled(
                query: asked,
                key: key,
                value: value,
                sequences: pass.sequences,
                members: 0..<pooled.rows,
                into: mixed.columns(own),
                in: context
            )
            pooled.gather(pass.pooledRows, from: tokens)
        }
        try pass.share.meet()
        let kept = try pass.kept(mixed, in: normal.rows(0..<pooled.rows))
        if let pooled = pooled[pass.share.index] {
            try output(kept, columns: own, into: pooled, before: feedForward.begin(pass), in: context)
        }
        try pass.share.meet()
        try feedForward.byColumns(pass, pooled, before: nil, in: context)
    }
}

extension FeedForward {
    /// The weights with which this thread begins; nil if it has none.
    fileprivate func begin(_ pass: ColumnPass) -> NextWeights? {
        let own = pass.hiddenColumns[pass.share.index]
        return own.isEmpty ? nil : NextWeights(expansion, from: own.lowerBound)
    }

    /// Adds the result to `tokens`, which are those of the pass or the pooled ones.
    fileprivate func byColumns(
        _ pass: ColumnPass,
        _ tokens: ColumnSlices,
        before next: NextWeights?,
        in context: ComputeContext
    ) throws(KernelError) {
        let own = pass.hiddenColumns[pass.share.index]
        let hidden = pass.hidden.rows(0..<tokens.rows)
        let normal = try pass.normalise(tokens, with: norm, in: context)
        try context.scratch.scope { () throws(KernelError) in
            guard !own.isEmpty else { return }
            // (rows, width) -> (rows, own columns)
            let contractionWeights =
                pass.ownColumns.isEmpty ? nil : NextWeights(contraction, from: pass.ownColumns.lowerBound)
            guard expansion.format != .int8 else {
                return try expansion(
                    normal,
                    columns: own,
                    into: hidden.columns(own),
                    before: contractionWeights,
                    in: context
                )
            }
            let part = try context.scratch.matrix(rows: tokens.rows, width: own.count, format: hidden.format)
            try expansion(normal, columns: own, into: part, before: contractionWeights, in: context)
            part.copy(into: hidden.columns(own))
        }
        try pass.share.meet()
        let kept = try pass.kept(hidden, in: pass.keptHidden.rows(0..<tokens.rows))
        if let tokens = tokens[pass.share.index] {
            try contraction(kept, columns: pass.ownColumns, into: tokens, before: next, in: context)
        }
        try pass.share.meet()
    }
}
