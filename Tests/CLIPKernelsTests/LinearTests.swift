import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Linear layer")
struct LinearTests {
    @Test(
        "Equals plain loops on odd shapes",
        arguments: [
            (1, 1, 1), (1, 5, 3), (3, 17, 9), (7, 64, 33), (50, 24, 72), (65, 31, 130), (128, 96, 16),
        ]
    )
    func matchesReference(rows: Int, inputs: Int, outputs: Int) throws {
        let bench = try Workbench()
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let bias = Workbench.random("bias", outputs)
        let fast = try bench.linear(input, rows: rows, weight: weight, bias: bias)
        let slow = Reference.linear(input, rows: rows, weight: weight, bias: bias)
        #expect(Closeness.relativeError(fast, slow) < 1e-6)
        let withoutBias = try bench.linear(input, rows: rows, weight: weight, bias: nil)
        let slowWithoutBias = Reference.linear(input, rows: rows, weight: weight)
        #expect(Closeness.relativeError(withoutBias, slowWithoutBias) < 1e-6)
    }

    @Test("A fused activation equals plain loops", arguments: [Activation.quickGELU, .gelu, .tanhGELU])
    func activation(_ activation: Activation) throws {
        let bench = try Workbench()
        let (rows, inputs, outputs) = (11, 40, 53)
        // Sums of about -12 ... 12, so that both tails of the activation are met.
        let input = Workbench.random("input", rows * inputs).map { 3 * $0 }
        let weight = Workbench.random("weight", outputs * inputs)
        let bias = Workbench.random("bias", outputs)
        let fast = try bench.linear(input, rows: rows, weight: weight, bias: bias, activation: activation)
        let slow = Reference.linear(input, rows: rows, weight: weight, bias: bias, activation: activation)
        #expect(Closeness.relativeError(fast, slow) < 1e-6)
        let largest = zip(fast, slow).map { abs($0 - $1) }.max() ?? .infinity
        #expect(largest < 5e-6)
    }

    @Test("The three activations are different functions with the values of their formulas")
    func activationValues() {
        #expect(abs(Reference.activation(.gelu, 1) - 0.841344746) < 1e-8)
        #expect(abs(Reference.activation(.quickGELU, 1) - 0.845795773) < 1e-8)
        #expect(abs(Reference.activation(.tanhGELU, 1) - 0.841191991) < 1e-8)
        #expect(abs(Reference.activation(.gelu, -1) + 0.158655254) < 1e-8)
    }

    @Test("The result is added to what the output holds")
    func residual() throws {
        let bench = try Workbench()
        let (rows, inputs, outputs) = (13, 20, 27)
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let bias = Workbench.random("bias", outputs)
        let residual = Workbench.random("residual", rows * outputs)
        let fast = try bench.linear(input, rows: rows, weight: weight, bias: bias, residual: residual)
        let slow = Reference.linear(input, rows: rows, weight: weight, bias: bias, residual: residual)
        #expect(Closeness.relativeError(fast, slow) < 1e-6)
    }

    @Test("A row does not depend on the rows beside it")
    func rowAlone() throws {
        let bench = try Workbench()
        let (rows, inputs, outputs) = (37, 48, 70)
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let bias = Workbench.random("bias", outputs)
        let all = try bench.linear(input, rows: rows, weight: weight, bias: bias, activation: .quickGELU)
        for row in [0, 17, rows - 1] {
            let alone = try bench.linear(
                Array(input[row * inputs..<(row + 1) * inputs]),
                rows: 1,
                weight: weight,
                bias: bias,
                activation: .quickGELU
            )
            #expect(Closeness.relativeError(alone, Array(all[row * outputs..<(row + 1) * outputs])) < 1e-6)
        }
    }

    @Test("Two threads of oneDNN's give what one gives")
    func threads() throws {
        let (rows, inputs, outputs) = (64, 96, 160)
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let one = try Workbench(threads: 1).linear(input, rows: rows, weight: weight, bias: nil)
        let two = try Workbench(threads: 2).linear(input, rows: rows, weight: weight, bias: nil)
        #expect(Closeness.relativeError(two, one) < 1e-6)
    }

    static let native = [NumberFormat.bf16, .int8].filter { format in
        (try? ComputeEngine().isNative(format)) ?? false
    }

    @Test(
        "Layers of bf16 and int8 equal plain loops over the numbers that they keep, where the processor has them",
        arguments: native,
        [(1, 5, 3), (3, 17, 9), (7, 64, 33), (50, 96, 72), (65, 31, 130)]
    )
    func formats(format: NumberFormat, shape: (rows: Int, inputs: Int, outputs: Int)) throws {
        let (rows, inputs, outputs) = shape
        let bench = try Workbench()
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let bias = Workbench.random("bias", outputs)
        let residual = Workbench.random("residual", rows * outputs)
        func kept(_ floats: [Float]) -> [Float] {
            format == .bf16 ? floats.map(Rounding.bf16) : Rounding.int8(floats, width: inputs)
        }
        for activation in [nil, Activation.quickGELU, .gelu, .tanhGELU] {
            let adds = activation == nil
            let fast = try bench.linear(
                input,
                rows: rows,
                weight: weight,
                bias: bias,
                activation: activation,
                residual: adds ? residual : nil,
                format: format
            )
            let slow = Reference.linear(
                kept(input),
                rows: rows,
                weight: kept(weight),
                bias: bias,
                activation: activation,
                residual: adds ? residual : nil
            )
            #expect(Closeness.relativeError(fast, slow) < 2e-6, "\(String(describing: activation))")
        }
    }

    @Test("The result can be written in the format of the next layer's input", arguments: native)
    func outputFormats(format: NumberFormat) throws {
        let bench = try Workbench()
        // Parts of a panel, whole panels and a part, pieces of sums, and rows in more than one band.
        let shapes = [(9, 24, 40), (7, 64, 17), (13, 832, 192), (50, 64, 100), (701, 3_072, 130)]
        for (rows, inputs, outputs) in shapes {
            let weight = try bench.tensor(Workbench.random("weight", outputs * inputs), rows: outputs).matrix
            let bias = try bench.tensor(Workbench.random("bias", outputs))
            let input = try bench.matrix(
                Workbench.random("input", rows * inputs),
                rows: rows,
                format: format
            )
            for activation in [nil, Activation.quickGELU, .gelu, .tanhGELU] {
                let layer = try Linear(
                    weight: weight,
                    bias: bias,
                    activation: activation,
                    format: format,
                    in: bench.context
                )
                let floats = try bench.context.scratch.matrix(rows: rows, width: outputs)
                let next = try bench.context.scratch.matrix(rows: rows, width: outputs, format: format)
                try layer(input, into: floats, in: bench.context)
                try layer(input, into: next, in: bench.context)
                let expected =
                    format == .bf16
                    ? floats.floats().map(Rounding.bf16) : Rounding.int8(floats.floats(), width: outputs)
                let error = Closeness.relativeError(next.numbers(), expected)
                #expect(error < (format == .bf16 ? 1e-3 : 1e-6), "\(rows) rows of \(outputs)")
            }
        }
    }

    @Test("What is no number, or too large for one, does not become bytes that look right")
    func strangeBytes() throws {
        let bench = try Workbench()
        for place in 0..<40 {
            for value in [Float.nan, .infinity, -.infinity] {
                var floats = Workbench.random("row", 40)
                floats[place] = value
                let row = try bench.tensor(floats)
                let bytes = try bench.context.scratch.matrix(rows: 1, width: 40, format: .int8)
                row.matrix.convert(into: bytes)
                #expect(bytes.numbers().allSatisfy { !$0.isFinite }, "\(value) at \(place)")
            }
        }
    }

    @Test("No rows are no work")
    func noRows() throws {
        let bench = try Workbench()
        let weights = try bench.tensor(Workbench.random("weight", 12), rows: 3)
        let layer = try Linear(weight: weights.matrix, in: bench.context)
        let empty = try bench.context.scratch.matrix(rows: 0, width: 4)
        let result = try bench.context.scratch.matrix(rows: 0, width: 3)
        let before = bench.context.primitiveCount
        try layer(empty, into: result, in: bench.context)
        #expect(bench.context.primitiveCount == before)
    }

    @Test("oneDNN has a compiled kernel for every row count, not its plain loops")
    func noFallback() throws {
        let bench = try Workbench(usesOneDNNOnly: true)
        let weights = try bench.tensor(Workbench.random("weight", 128 * 64), rows: 128)
        let layer = try Linear(weight: weights.matrix, activation: .gelu, in: bench.context)
        #expect(layer.byteCount >= 128 * 64 * MemoryLayout<Float>.size)
        for rows in [1, 8, 50, 400] {
            let name = try #require(try layer.implementation(rows: rows, in: bench.context))
            #expect(!name.contains("ref"), "\(rows) rows run in \(name)")
        }
    }
}
