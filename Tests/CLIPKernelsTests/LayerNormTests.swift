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
            epsilon: 1e-5,
            in: bench.context
        )
        let source = try bench.tensor(input, rows: rows)
        try norm(source.matrix, into: output.matrix)
        let slow = Reference.layerNorm(input, scale: scale, shift: shift, epsilon: 1e-5)
        #expect(Closeness.relativeError(output.matrix.floats(), slow) < 1e-6)

        try norm(source.matrix, into: source.matrix)
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
            epsilon: 1e-5,
            in: bench.context
        )
        let matrix = try bench.tensor(input).matrix
        let output = try bench.tensor(zeros)
        try norm(matrix, into: output.matrix)
        let slow = Reference.layerNorm(input, scale: ones, shift: zeros, epsilon: 1e-5)
        // Floats near 100 are 7.6e-6 apart, which is what the mean can be off by.
        #expect(Closeness.relativeError(output.matrix.floats(), slow) < 2e-5)
    }
}
