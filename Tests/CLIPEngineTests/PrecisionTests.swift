import CLIPEngine
import CLIPKernels
import Testing

@Suite("Which number format runs")
struct PrecisionTests {
    @Test(
        "What the processor has instructions for, f32 where it was not asked for anything, and a refusal otherwise",
        arguments: [
            ([], [.f32, .f32, nil, nil]),
            ([.bf16], [.bf16, .f32, .bf16, nil]),
            ([.int8], [.f32, .f32, nil, .int8]),
            ([.bf16, .int8], [.bf16, .f32, .bf16, .int8]),
        ] as [([NumberFormat], [NumberFormat?])]
    )
    func format(native: [NumberFormat], expected: [NumberFormat?]) throws {
        for (precision, expected) in zip([Precision.auto, .f32, .bf16, .int8], expected) {
            do throws(EmbeddingError) {
                let format = try precision.format(where: native.contains)
                #expect(format == expected)
            } catch {
                #expect(expected == nil, "\(precision) is refused.")
                guard case .invalidConfiguration(let problems) = error, problems.count == 1 else {
                    Issue.record("\(precision): \(error)")
                    continue
                }
                #expect(problems[0].contains(precision.rawValue) && problems[0].contains("auto or f32"))
            }
        }
    }
}
