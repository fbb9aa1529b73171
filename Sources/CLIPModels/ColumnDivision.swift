import CLIPKernels

/// How the layers of a tower are divided by columns.
struct ColumnDivision: Sendable {
    /// Numbers of a token.
    let width: Int
    /// Numbers of a token between the two layers of an MLP.
    let hiddenWidth: Int
    /// What the columns of tokens are divided at: whole heads, and whole blocks of packed weights.
    let unit: Int
    /// How the weights are kept.
    let format: NumberFormat

    /// What all of oneDNN's packed layouts for large layers can be divided at.
    static let block = 64

    /// Most rows of a pass that are worth it: with more, threads have enough to do with all weights, and meet less by rows.
    ///
    /// On two cores with AVX-512 oneDNN's products of ViT-B/32 took 9 % less time by columns for 50 rows, 2 % more for 400;
    /// our own take the same from some 50 rows on, and less for fewer.
    static let mostRows = 128

    /// Most parts of which each has something to do.
    var parts: Int { width / unit }

    /// The division of a tower of that shape; nil where the heads are such that there is nothing to divide.
    init?(_ shape: ModelConfiguration.Encoder, format: NumberFormat) {
        let headWidth = shape.width / shape.heads
        unit = headWidth % Self.block == 0 ? headWidth : Self.block
        guard unit % headWidth == 0, shape.width % unit == 0, shape.width > unit,
            shape.mlpWidth % Self.block == 0
        else { return nil }
        width = shape.width
        hiddenWidth = shape.mlpWidth
        self.format = format
    }
}

extension TransformerBlock {
    /// Whether all layers can be computed by columns.
    func isDivided(by division: ColumnDivision, in context: ComputeContext) -> Bool {
        [queryKeyValue, output].allSatisfy { $0.dividesColumns(every: division.unit, in: context) }
            && feedForward.isDivided(by: division, in: context)
    }
}

extension PoolingBlock {
    /// Whether all layers can be computed by columns.
    func isDivided(by division: ColumnDivision, in context: ComputeContext) -> Bool {
        [query, keyValue, output].allSatisfy { $0.dividesColumns(every: division.unit, in: context) }
            && feedForward.isDivided(by: division, in: context)
    }
}

extension FeedForward {
    fileprivate func isDivided(by division: ColumnDivision, in context: ComputeContext) -> Bool {
        expansion.dividesColumns(every: ColumnDivision.block, in: context)
            && contraction.dividesColumns(every: division.unit, in: context)
    }
}
