import CLIPKernels
import CLIPTestSupport
import Foundation
import Testing

/// Layers whose weights lie in panels, which our own products take on some processors, and oneDNN's everywhere.
@Suite("Products over panels of weights")
struct PanelProductTests {
    static let formats = [NumberFormat.f32] + LinearTests.native

    /// Widths of whole panels and of others, and of more than one of the pieces that sums are made of.
    private static let shapes = [
        (inputs: 64, outputs: 64), (832, 192), (1_600, 128), (588, 100), (4, 3), (8, 17),
    ]

    /// Whether the system says that this processor has AVX2, and the tests may use it; nil if the system does not say.
    private static let hasAVX2: Bool? = {
        #if arch(x86_64) && os(Linux)
        guard let words = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
        let limit = ProcessInfo.processInfo.environment["DNNL_MAX_CPU_ISA"] ?? ""
        return words.contains(" avx2 ") && words.contains(" fma ") && !["SSE41", "AVX"].contains(limit)
        #else
        return nil
        #endif
    }()

    @Test("On a processor that has them, our own products run, unless oneDNN is wanted", arguments: formats)
    func choice(format: NumberFormat) throws {
        for isOneDNN in [false, true] {
            let bench = try Workbench(usesOneDNNOnly: isOneDNN)
            let engine = bench.context.engine
            let weight = try bench.tensor(Workbench.random("weight", 100 * 64), rows: 100)
            let layer = try Linear(weight: weight.matrix, format: format, in: bench.context)
            #expect(layer.compilesForRows != engine.multipliesPanels(format))
            #expect(!isOneDNN || layer.compilesForRows)
            if let hasAVX2 = Self.hasAVX2, !isOneDNN {
                #expect(engine.multipliesPanels(.f32) == hasAVX2)
            }
            // Rows that are not whole words of the format are oneDNN's.
            let odd = try bench.tensor(Workbench.random("odd", 64 * 63), rows: 64)
            let other = try Linear(weight: odd.matrix, format: format, in: bench.context)
            #expect(format == .f32 || other.compilesForRows)
        }
    }

    @Test("Equal plain loops, ours and oneDNN's, for any number of rows", arguments: formats, [false, true])
    func matchesReference(format: NumberFormat, isOneDNN: Bool) throws {
        let bench = try Workbench(usesOneDNNOnly: isOneDNN)
        for (inputs, outputs) in Self.shapes {
            let weight = Workbench.random("weight \(inputs)", outputs * inputs)
            let bias = Workbench.random("bias", outputs)
            func kept(_ floats: [Float]) -> [Float] {
                switch format {
                case .f32: floats
                case .bf16: floats.map(Rounding.bf16)
                case .int8: Rounding.int8(floats, width: inputs)
                }
            }
            for rows in [1, 2, 5, 6, 7, 12, 13, 50, 67] {
                let input = Workbench.random("input \(rows)", rows * inputs)
                let residual = Workbench.random("residual", rows * outputs)
                for (activation, adds) in [
                    (nil, false), (nil, true), (Activation.quickGELU, false), (.gelu, true),
                ] {
                    let fast = try bench.linear(
                        input,
                        rows: rows,
                        weight: weight,
                        bias: adds ? nil : bias,
                        activation: activation,
                        residual: adds ? residual : nil,
                        format: format
                    )
                    let slow = Reference.linear(
                        kept(input),
                        rows: rows,
                        weight: kept(weight),
                        bias: adds ? nil : bias,
                        activation: activation,
                        residual: adds ? residual : nil
                    )
                    let what =
                        "\(rows) rows, \(inputs) to \(outputs), \(String(describing: activation)), \(adds)"
                    #expect(Closeness.relativeError(fast, slow) < 2e-6, "\(what)")
                }
            }
        }
    }

    @Test("Rows of several bands are what few rows are, bit for bit", arguments: formats)
    func bands(format: NumberFormat) throws {
        let bench = try Workbench()
        // More than half of any second-level cache, in rows of so few words that they are divided.
        let (rows, inputs, outputs) = (701, 832 * 4 / format.byteCount, 96)
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let residual = Workbench.random("residual", rows * outputs)
        func product(of chosen: Range<Int>) throws -> [Float] {
            try bench.linear(
                Array(input[chosen.lowerBound * inputs..<chosen.upperBound * inputs]),
                rows: chosen.count,
                weight: weight,
                bias: nil,
                activation: .gelu,
                residual: Array(residual[chosen.lowerBound * outputs..<chosen.upperBound * outputs]),
                format: format
            )
        }
        let all = try product(of: 0..<rows)
        for first in stride(from: 0, to: rows, by: 7) {
            let few = first..<min(first + 7, rows)
            let expected = try product(of: few)
            #expect(Array(all[few.lowerBound * outputs..<few.upperBound * outputs]) == expected, "\(few)")
        }
    }

    @Test(
        "However weights are fetched, and whatever is fetched after them, no bit changes",
        arguments: formats
    )
    func fetching(format: NumberFormat) throws {
        let bench = try Workbench()
        // More words than a chunk has, and so many that 701 rows are divided into bands.
        for (words, outputs) in [(832, 192), (147, 100)] {
            let inputs = words * 4 / format.byteCount
            let weight = try bench.tensor(Workbench.random("weight", outputs * inputs), rows: outputs)
            let layer = try Linear(
                weight: weight.matrix,
                activation: .gelu,
                format: format,
                in: bench.context
            )
            let small = try Linear(weight: weight.matrix.rows(0..<64), format: format, in: bench.context)
            for rows in [1, 6, 12, 13, 50, 701] {
                let floats = Workbench.random("input \(rows)", rows * inputs)
                func product(before next: NextWeights?) throws -> [Float] {
                    try bench.context.beginPass()
                    let input = try bench.matrix(floats, rows: rows, format: format)
                    let blank = [Float](repeating: .nan, count: rows * outputs)
                    let output = try bench.tensor(blank, rows: rows).matrix
                    try layer(input, into: output, before: next, in: bench.context)
                    return output.floats()
                }
                let expected = try product(before: nil)
                for prefetchesPagesInTurn in [false, true] {
                    bench.context.engine.prefetchesPagesInTurn = prefetchesPagesInTurn
                    for next in [nil, NextWeights(layer), NextWeights(layer, from: 64), NextWeights(small)] {
                        #expect(try product(before: next) == expected, "\(rows) rows of \(inputs)")
                    }
                }
                bench.context.engine.prefetchesPagesInTurn = false
            }
        }
    }

    @Test("A part of the columns is that of the whole, bit for bit", arguments: formats, [false, true])
    func columns(format: NumberFormat, isOneDNN: Bool) throws {
        let bench = try Workbench(usesOneDNNOnly: isOneDNN)
        let (rows, inputs, outputs) = (9, 448, 256)
        let weight = try bench.tensor(Workbench.random("weight", outputs * inputs), rows: outputs)
        let bias = try bench.tensor(Workbench.random("bias", outputs))
        let layer = try Linear(
            weight: weight.matrix,
            bias: bias,
            activation: .gelu,
            format: format,
            in: bench.context
        )
        #expect(layer.dividesColumns(every: 64, in: bench.context))
        #expect(!layer.dividesColumns(every: 8, in: bench.context) || layer.compilesForRows)
        let input = try bench.matrix(Workbench.random("input", rows * inputs), rows: rows, format: format)
        let whole = try bench.tensor([Float](repeating: .nan, count: rows * outputs), rows: rows).matrix
        try layer(input, into: whole, in: bench.context)
        // Whatever a layer says that it can be divided by has to be so.
        let finer = [32, 16].filter { layer.dividesColumns(every: $0, in: bench.context) }.map { $0..<2 * $0 }
        for columns in [0..<64, 64..<256, 192..<256] + finer {
            let part = try bench.tensor([Float](repeating: .nan, count: rows * columns.count), rows: rows)
                .matrix
            try layer(input, columns: columns, into: part, in: bench.context)
            let expected = (0..<rows).flatMap { row in columns.map { whole.row(row)[$0] } }
            #expect(part.floats() == expected, "\(columns)")
        }
    }

    @Test(
        "A row's result has the same bits whatever rows are beside it, where the products are ours",
        arguments: formats
    )
    func rowAlone(format: NumberFormat) throws {
        let bench = try Workbench()
        let (rows, inputs, outputs) = (50, 832, 128)
        let input = Workbench.random("input", rows * inputs)
        let weight = Workbench.random("weight", outputs * inputs)
        let layer = try Linear(
            weight: bench.tensor(weight, rows: outputs).matrix,
            format: format,
            in: bench.context
        )
        guard !layer.compilesForRows else { return }
        let bias = Workbench.random("bias", outputs)
        let all = try bench.linear(
            input,
            rows: rows,
            weight: weight,
            bias: bias,
            activation: .gelu,
            format: format
        )
        for (first, count) in [(0, 1), (49, 1), (3, 6), (20, 17)] {
            let some = try bench.linear(
                Array(input[first * inputs..<(first + count) * inputs]),
                rows: count,
                weight: weight,
                bias: bias,
                activation: .gelu,
                format: format
            )
            #expect(some == Array(all[first * outputs..<(first + count) * outputs]), "\(first), \(count)")
        }
    }
}
