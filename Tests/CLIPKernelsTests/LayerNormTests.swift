import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Layer normalisation")
struct LayerNormTests {
    @Test("Equals plain loops on odd shapes", arguments: [(1, 2), (3, 7), (50, 72), (9, 65), (33, 768)])
    func matchesReference(rows: Int, width: Int) throws {
        let bench = try Workbench()
        let input = Workbench.random("input", rows * width).map { 5 * $0 + 2 }
        let scale = Workbench.random("scale", width)
        let shift = Workbench.random("shift", width)
        let output = try bench.tensor([Float](repeating: .nan, count: rows * width), rows: rows)
        let norm = LayerNorm(
            scale: try bench.tensor(scale),
            shift: try bench.tensor(shift),
            epsilon: 1e-5
        )
        let source = try bench.tensor(input, rows: rows)
        norm(source.matrix, into: output.matrix)
        let slow = Reference.layerNorm(input, scale: scale, shift: shift, epsilon: 1e-5)
        #expect(Closeness.relativeError(output.matrix.floats(), slow) < 1e-6)

        norm(source.matrix, into: source.matrix)
        #expect(source.matrix.floats() == output.matrix.floats(), "In place differs.")
    }

    @Test("A row far from zero keeps its accuracy")
    func offCentre() throws {
        let bench = try Workbench()
        let input = Workbench.random("input", 256).map { 100 + $0 }
        let ones = [Float](repeating: 1, count: 256)
        let zeros = [Float](repeating: 0, count: 256)
        let norm = LayerNorm(
            scale: try bench.tensor(ones),
            shift: try bench.tensor(zeros),
            epsilon: 1e-5
        )
        let matrix = try bench.tensor(input).matrix
        let output = try bench.tensor(zeros)
        norm(matrix, into: output.matrix)
        let slow = Reference.layerNorm(input, scale: ones, shift: zeros, epsilon: 1e-5)
        // Floats near 100 are 7.6e-6 apart, which is what the mean can be off by.
        #expect(Closeness.relativeError(output.matrix.floats(), slow) < 2e-5)
    }

    @Test(
        "Into bf16 and into bytes it writes what the floats round to",
        arguments: [NumberFormat.bf16, .int8],
        [(3, 7), (5, 64), (2, 65), (4, 768)]
    )
    func formats(format: NumberFormat, shape: (rows: Int, width: Int)) throws {
        let bench = try Workbench()
        let input = Workbench.random("input", shape.rows * shape.width)
        let norm = LayerNorm(
            scale: try bench.tensor(Workbench.random("scale", shape.width)),
            shift: try bench.tensor(Workbench.random("shift", shape.width)),
            epsilon: 1e-5
        )
        let source = try bench.tensor(input, rows: shape.rows).matrix
        let floats = try bench.context.scratch.matrix(rows: shape.rows, width: shape.width)
        let target = try bench.context.scratch.matrix(rows: shape.rows, width: shape.width, format: format)
        norm(source, into: floats)
        norm(source, into: target)
        // Through a layer that changes nothing, since bytes cannot be read alone.
        let expected =
            format == .bf16
            ? floats.floats().map(Rounding.bf16) : Rounding.int8(floats.floats(), width: shape.width)
        let found = format == .bf16 ? target.floats() : target.numbers()
        #expect(Closeness.relativeError(found, expected) < 1e-6)
    }
}
