import Benchmark
internal import CLIPKernels

/// The kernels on the 50 tokens of one image of ViT-B/32, on one thread.
func kernels() {
    let (rows, width, heads) = (50, 768, 12)
    for format in NumberFormat.allCases where isNative(format) {
        Benchmark("linear layer, 50 x 768 to 3072, \(format.rawValue)") { benchmark in
            let context = try ComputeContext(engine: ComputeEngine())
            let weight = try Tensor(rows: 4 * width, noise(count: 4 * width * width, scale: 0.03))
            let layer = try Linear(
                weight: weight.matrix,
                bias: try Tensor(width: 4 * width),
                activation: .quickGELU,
                format: format,
                in: context
            )
            let floats = try Tensor(rows: rows, noise(count: rows * width))
            let output = try Tensor(rows: rows, width: 4 * width)
            try context.scratch.scope { () throws(KernelError) in
                let input = try context.scratch.matrix(rows: rows, width: width, format: format)
                floats.matrix.convert(into: input)
                try layer(input, into: output.matrix, in: context)
                benchmark.startMeasurement()
                for _ in benchmark.scaledIterations { try layer(input, into: output.matrix, in: context) }
                benchmark.stopMeasurement()
            }
            blackHole(output.floats[0] + floats.floats[0])
        }
    }
    Benchmark("attention, 50 tokens, 12 heads of 64, f32") { benchmark in
        let context = try ComputeContext(engine: ComputeEngine())
        let projected = try Tensor(rows: rows, noise(count: rows * 3 * width))
        let output = try Tensor(rows: rows, width: width)
        let attention = Attention(heads: heads)
        let sequences = SequenceLayout(lengths: [rows])
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            try attention(
                query: projected.matrix.columns(0..<width),
                key: projected.matrix.columns(width..<2 * width),
                value: projected.matrix.columns(2 * width..<3 * width),
                sequences: sequences,
                rows: 0..<rows,
                mask: .none,
                into: output.matrix,
                in: context
            )
        }
        benchmark.stopMeasurement()
        blackHole(output.floats[0] + projected.floats[0])
    }
    Benchmark("layer norm, 50 x 768, f32") { benchmark in
        let norm = try LayerNorm(
            scale: Tensor([Float](repeating: 1, count: width)),
            shift: Tensor(width: width),
            epsilon: 1e-5
        )
        let input = try Tensor(rows: rows, noise(count: rows * width))
        let output = try Tensor(rows: rows, width: width)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { norm(input.matrix, into: output.matrix) }
        benchmark.stopMeasurement()
        blackHole(output.floats[0] + input.floats[0])
    }
}

/// Whether the processor has instructions for it; otherwise its times say nothing.
private func isNative(_ format: NumberFormat) -> Bool {
    do {
        return try ComputeEngine().isNative(format)
    } catch {
        return false
    }
}

/// Numbers around zero, the same in every run.
private func noise(count: Int, scale: Float = 1) -> [Float] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
}
