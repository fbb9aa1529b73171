import CLIPKernels

/// How the layers of a tower are divided by columns among threads.
struct ColumnDivision: Sendable {
    /// The floats of a token.
    let width: Int
    /// The floats of a token between the two layers of an MLP.
    let hiddenWidth: Int
    /// The unit at which the columns of tokens are divided: whole heads, and whole blocks of packed weights.
    let unit: Int
    /// The format of the weights.
    let format: NumberFormat

    /// The unit at which all packed layouts for large layers can be divided, oneDNN's and panels.
    static let block = 64

    /// The most rows for which dividing by columns is worth it.
    ///
    /// With more rows, threads have enough to do with all weights, and they meet less often if they divide by rows. On
    /// two cores with AVX-512 oneDNN's products of ViT-B/32 took 9 % less time by columns for 50 rows, 2 % more for
    /// 400. Our own products take the same time from about 50 rows on, and less for fewer.
    static let mostRows = 128

    /// The most parts of which each has work to do.
    var parts: Int { width / unit }

    /// Makes the division of a tower of this shape; nil if its heads do not fit into such units.
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
