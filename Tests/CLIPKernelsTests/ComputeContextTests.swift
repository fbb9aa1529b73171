import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Compute context and scratch")
struct ComputeContextTests {
    @Test("Scratch is reused: after the first pass nothing more is taken")
    func scratchIsReused() throws {
        let scratch = try ComputeContext(engine: ComputeEngine()).scratch
        func pass() throws -> [UnsafeMutablePointer<Float>] {
            try scratch.reset()
            let first = try scratch.matrix(rows: 100, width: 7)
            let inner = try scratch.scope { try scratch.matrix(rows: 50, width: 64) }
            let last = try scratch.matrix(rows: 10, width: 64)
            #expect(inner.base == last.base, "A scope gives its memory back.")
            return [first.base, last.base]
        }
        _ = try pass()
        _ = try pass()
        let size = scratch.byteCount
        let settled = try pass()
        #expect(try pass() == settled)
        #expect(scratch.byteCount == size)
        #expect(settled.allSatisfy { Int(bitPattern: $0) % 64 == 0 })
    }

    @Test("A matrix taken before the arena grows stays valid")
    func growth() throws {
        let scratch = try ComputeContext(engine: ComputeEngine()).scratch
        let early = try scratch.matrix(rows: 1, width: 8)
        early.base.update(repeating: 3, count: 8)
        let late = try scratch.matrix(rows: 1000, width: 1000)
        late.base.update(repeating: 4, count: 1_000_000)
        #expect(early.floats() == [Float](repeating: 3, count: 8))
    }

    @Test(
        "Memory that no machine has is an error",
        arguments: [(1 << 45, 1 << 10), (Int.max, 2), (1 << 44, 1)]
    )
    func outOfMemory(rows: Int, width: Int) throws {
        let context = try ComputeContext(engine: ComputeEngine())
        let (count, overflow) = rows.multipliedReportingOverflow(by: width * 4)
        let byteCount = overflow ? Int.max : count
        #expect(throws: KernelError.outOfMemory(byteCount: byteCount)) {
            try context.scratch.matrix(rows: rows, width: width)
        }
        #expect(throws: KernelError.outOfMemory(byteCount: byteCount)) {
            try Tensor(rows: rows, width: width)
        }
    }

    private static func linear(rows: Int) -> PrimitiveKey {
        .linear(
            rows: rows,
            inputs: 4,
            outputs: 5,
            of: 5,
            format: .f32,
            outputFormat: .f32,
            hasBias: false,
            activation: nil,
            addsToOutput: false
        )
    }

    @Test("An operation that oneDNN refuses is an error that names it")
    func operationFailed() throws {
        let context = try ComputeContext(engine: ComputeEngine())
        #expect(throws: KernelError.operationFailed(operation: "linear -3x4x5", status: 2)) {
            try context.primitive(for: Self.linear(rows: -3))
        }
    }

    @Test("The number of compiled operations is bounded, and the recently used stay")
    func boundedCache() throws {
        let context = try ComputeContext(engine: ComputeEngine())
        let kept = try context.primitive(for: Self.linear(rows: 1))
        for rows in 2...700 {
            _ = try context.primitive(for: Self.linear(rows: rows))
            #expect(try context.primitive(for: Self.linear(rows: 1)) === kept)
        }
        #expect(context.primitiveCount == 512)
    }

    @Test("The version of the library is known")
    func version() {
        #expect(ComputeEngine.libraryVersion.split(separator: ".").count == 3)
    }

    @Test("Columns, rows and gathered rows of a matrix lie where they should")
    func matrixViews() throws {
        let tensor = try Tensor(rows: 3, (0..<12).map(Float.init))
        let middle = tensor.matrix.columns(1..<3)
        #expect(middle.floats() == [1, 2, 5, 6, 9, 10])
        #expect(!middle.isDense && tensor.matrix.isDense)
        let gathered = try Tensor(rows: 2, [0, 0, 0, 0])
        gathered.matrix.gather([2, 0], from: middle)
        #expect(gathered.matrix.floats() == [9, 10, 1, 2])
    }

    @Test("Floats become the nearest bf16, the even one of two, and signs and infinities stay")
    func halves() throws {
        let ties: [Float] = [1.00390625, 1.01171875, -1.00390625]  // halfway between neighbours
        let floats = ties + [0, -0.0, .infinity, -.infinity, 3.14159274, 65_504, 1.5]
        let bench = try Workbench()
        let halves = try bench.matrix(floats, rows: 1, format: .bf16)
        #expect(halves.floats().map(\.bitPattern) == floats.map { Rounding.bf16($0).bitPattern })
        #expect(Array(halves.floats().prefix(3)) == [1, 1.015625, -1])
    }

    @Test("Numbers of any format can be gathered, cut and cleared", arguments: [NumberFormat.f32, .bf16])
    func views(format: NumberFormat) throws {
        let bench = try Workbench()
        let matrix = try bench.matrix((0..<12).map(Float.init), rows: 3, format: format)
        #expect(matrix.columns(1..<3).rows(1..<3).floats() == [5, 6, 9, 10])
        let gathered = try bench.matrix([0, 0, 0, 0, 0, 0, 0, 0], rows: 2, format: format)
        gathered.gather([2, 0], from: matrix)
        #expect(gathered.floats() == [8, 9, 10, 11, 0, 1, 2, 3])
        gathered.rows(1..<2).fillWithZeros()
        #expect(gathered.floats() == [8, 9, 10, 11, 0, 0, 0, 0])
        #expect(matrix.reshaped(rows: 2, width: 6).rows(1..<2).floats() == [6, 7, 8, 9, 10, 11])
    }

    @Test(
        "A table of tokens gives back what was put in, as its format has it",
        arguments: NumberFormat.allCases
    )
    func tokenTable(format: NumberFormat) throws {
        let bench = try Workbench()
        let (tokens, width) = (37, 21)
        let floats = Workbench.random("table", tokens * width)
        let table = try TokenTable(tokens: tokens, width: width, format: format)
        for first in stride(from: 0, to: tokens, by: 10) {
            let count = min(10, tokens - first)
            let rows = try bench.tensor(Array(floats[first * width..<(first + count) * width]), rows: count)
            table.set(first: first, from: rows.matrix)
        }
        let kept =
            switch format {
            case .f32: floats
            case .bf16: floats.map(Rounding.bf16)
            case .int8: Rounding.int8(floats, width: width)
            }
        let addend = try bench.tensor(Workbench.random("addend", width))
        let target = try bench.tensor([Float](repeating: .nan, count: width))
        for token in [0, 9, 10, 36] {
            table.look(up: token, adding: addend.matrix.base, into: target.matrix.base)
            let expected = zip(kept[token * width..<(token + 1) * width], addend.floats).map { $0 + $1 }
            #expect(Closeness.relativeError(target.matrix.floats(), expected) < 1e-6)
        }
    }
}
