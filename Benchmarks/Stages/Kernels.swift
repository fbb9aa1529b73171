import Benchmark
internal import CLIPImaging
internal import CLIPKernels

/// The sizes for the tokens of one image of ViT-B/32.
private let (rows, width, heads) = (50, 768, 12)

/// The kernels on the tokens of one image of ViT-B/32, on one thread, in the formats for which the processor has
/// instructions.
func kernels() {
    for format in NumberFormat.allCases where isNative(format) {
        linear(format)
        layerNorm(format)
        patchProjection(format)
        if format.betweenLayers == format { attention(format) }
    }
}

/// A linear layer: (50, 768) to (50, 3072).
private func linear(_ format: NumberFormat) {
    Benchmark("linear-50x768-to-3072-\(format.rawValue)") { benchmark, weight in
        let context = try ComputeContext(engine: ComputeEngine())
        let layer = try Linear(
            weight: weight.matrix,
            bias: Tensor(width: 4 * width),
            activation: .quickGELU,
            format: format,
            in: context
        )
        let output = try Tensor(rows: rows, width: 4 * width)
        try withNoise(rows: rows, width: width, format: format, in: context) { input in
            try layer(input, into: output.matrix, in: context)
            try benchmark.measure { try layer(input, into: output.matrix, in: context) }
        }
        blackHole(output.floats[0])
    } setup: {
        try Tensor(rows: 4 * width, noise(count: 4 * width * width, scale: 0.03))
    }
}

/// Attention: (50, 3 x 768) to (50, 768), with 12 heads of 64, read and written in one format.
private func attention(_ format: NumberFormat) {
    Benchmark("attention-50x768-\(format.rawValue)") { benchmark in
        let context = try ComputeContext(engine: ComputeEngine())
        let attention = Attention(heads: heads)
        let sequences = SequenceLayout(lengths: [rows])
        try withNoise(rows: rows, width: 3 * width, format: format, in: context) { parts in
            let output = try context.scratch.matrix(rows: rows, width: width, format: format)
            func attend() throws {
                try attention(
                    query: parts.columns(0..<width),
                    key: parts.columns(width..<2 * width),
                    value: parts.columns(2 * width..<3 * width),
                    sequences: sequences,
                    rows: 0..<rows,
                    mask: .none,
                    into: output,
                    in: context
                )
            }
            try attend()
            try benchmark.measure(attend)
        }
    }
}

/// Layer norm: (50, 768) of floats to (50, 768) in some format.
private func layerNorm(_ format: NumberFormat) {
    Benchmark("layer-norm-50x768-\(format.rawValue)") { benchmark in
        let context = try ComputeContext(engine: ComputeEngine())
        let norm = try LayerNorm(
            scale: Tensor([Float](repeating: 1, count: width)),
            shift: Tensor(width: width),
            epsilon: 1e-5
        )
        try withNoise(rows: rows, width: width, format: .f32, in: context) { input in
            let output = try context.scratch.matrix(rows: rows, width: width, format: format)
            benchmark.measure { norm(input, into: output) }
        }
    }
}

/// The projection of patches of 32 x 32: (224, 224, 3) bytes to (50, 768).
private func patchProjection(_ format: NumberFormat) {
    let (imageSize, patchSize) = (224, 32)
    let numbers = PixelTable.channels * patchSize * patchSize
    Benchmark("patch-projection-224-by-32-\(format.rawValue)") { benchmark, weight in
        let context = try ComputeContext(engine: ComputeEngine())
        let projection = try PatchProjection(
            weight: weight.matrix,
            imageSize: imageSize,
            patchSize: patchSize,
            pixels: PixelTable(PreprocessingRecipe.openAI(imageSize: imageSize).byteValues),
            format: format,
            in: context
        )
        let tokens = try Tensor(rows: rows, width: width)
        try noisyBytes(count: PixelTable.channels * imageSize * imageSize).withUnsafeBufferPointer { image in
            guard let base = image.baseAddress else { return }
            let images = [base]
            try projection(images, rows: 0..<rows, addingTo: tokens.matrix, in: context)
            try benchmark.measure {
                try projection(images, rows: 0..<rows, addingTo: tokens.matrix, in: context)
            }
        }
        blackHole(tokens.floats[0])
    } setup: {
        try Tensor(rows: width, noise(count: width * numbers, scale: 0.02))
    }
}

/// Calls `body` with (rows, width) numbers in some format, and scratch memory after them.
private func withNoise(
    rows: Int,
    width: Int,
    format: NumberFormat,
    in context: ComputeContext,
    _ body: (Matrix) throws -> Void
) throws {
    let floats = try Tensor(rows: rows, noise(count: rows * width))
    try context.scratch.scope {
        let input = try context.scratch.matrix(rows: rows, width: width, format: format)
        floats.matrix.convert(into: input)
        try body(input)
    }
}

/// Whether the processor has instructions for the format; without them the times say nothing.
private func isNative(_ format: NumberFormat) -> Bool {
    do {
        return try ComputeEngine().isNative(format)
    } catch {
        return false
    }
}
