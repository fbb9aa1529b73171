import CLIPKernels

/// The end of a ResNet: attention pooling over the last maps, and the projection to an embedding.
///
/// The mean of all pixels asks the only query; all pixels give keys and values. The reference is `AttentionPool2d` of
/// open_clip 3.3.0 (`open_clip/modified_resnet.py`).
struct AttentionPool: Sendable {
    private let width: Int
    /// The positions, (1 + pixels, width); row 0 belongs to the mean.
    private let positions: Tensor
    private let query: Linear
    private let keyValue: Linear
    private let attention: Attention
    private let output: Linear

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.ResNet,
        imageSize: Int,
        embeddingWidth: Int
    ) throws(ModelError) {
        let names = CheckpointNames.resNet
        let width = shape.featureWidth
        let grid = shape.grid(imageSize: imageSize)
        self.width = width
        positions = try weights.tensor(names.positions, shape: [grid * grid + 1, width])
        query = try weights.linear(names.query, inputs: width, outputs: width)
        let keyValueWeight = try weights.plain(
            ["\(names.key).weight", "\(names.value).weight"],
            inputs: width,
            outputs: 2 * width
        )
        let keyValueBias = try weights.joined(["\(names.key).bias", "\(names.value).bias"], shape: [width])
        keyValue = try weights.linear(keyValueWeight, bias: keyValueBias)
        attention = Attention(heads: shape.heads)
        output = try weights.linear(names.output, inputs: width, outputs: embeddingWidth)
    }

    /// Turns maps, (images, width, grid, grid), into embeddings, (images, embeddingWidth).
    func callAsFunction(
        _ maps: FeatureMaps,
        into embeddings: Matrix,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        let sequences = SequenceLayout(lengths: repeatElement(positions.rows, count: maps.images))
        let scratch = context.scratch
        let format = keyValue.format
        try scratch.scope { () throws(KernelError) in
            let tokens = try scratch.matrix(rows: sequences.rows, width: width)
            for image in 0..<maps.images {
                fill(tokens.rows(sequences.rows(of: image)), image: image, of: maps)
            }
            observer?(.tokens, tokens)
            let input = try scratch.matrix(rows: sequences.rows, width: width, format: format)
            let means = try scratch.matrix(rows: maps.images, width: width, format: format)
            let between = format.betweenLayers
            let queries = try scratch.matrix(rows: maps.images, width: width, format: between)
            let mixed = try scratch.matrix(rows: maps.images, width: width, format: between)
            let parts = try scratch.matrix(rows: sequences.rows, width: 2 * width, format: between)
            tokens.convert(into: input)
            means.gather(sequences.firstRows, from: input)
            try query(means, into: queries, in: context)
            // (images x (1 + pixels), width) -> (.., 2 x width)
            try keyValue(input, into: parts, in: context)
            try attention.pooled(
                query: queries,
                key: parts.columns(0..<width),
                value: parts.columns(width..<2 * width),
                sequences: sequences,
                members: 0..<maps.images,
                into: mixed,
                in: context
            )
            // (images, width) -> (images, embeddingWidth)
            try output(mixed.kept(in: means), into: embeddings, in: context)
        }
    }

    /// Writes the mean and the pixels with their positions: (width, grid, grid) becomes (1 + pixels, width).
    private func fill(_ tokens: Matrix, image: Int, of maps: FeatureMaps) {
        let mean = tokens.row(0)
        mean.update(repeating: 0, count: width)
        maps.copy(image: image, into: tokens.rows(1..<tokens.rows))
        for row in 1..<tokens.rows {
            let (pixel, position) = (tokens.row(row), positions.matrix.row(row))
            for column in 0..<width {
                mean[column] += pixel[column]
                pixel[column] += position[column]
            }
        }
        let position = positions.matrix.row(0)
        let count = Float(tokens.rows - 1)
        for column in 0..<width { mean[column] = mean[column] / count + position[column] }
    }
}
