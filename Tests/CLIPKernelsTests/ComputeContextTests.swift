import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Compute context and scratch")
struct ComputeContextTests {
    @Test("Scratch is reused: after the first pass nothing more is taken")
    func scratchIsReused() throws {
        let scratch = try ComputeContext(threads: 1).scratch
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
        let scratch = try ComputeContext(threads: 1).scratch
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
        let context = try ComputeContext(threads: 1)
        let (count, overflow) = rows.multipliedReportingOverflow(by: width * 4)
        let byteCount = overflow ? Int.max : count
        #expect(throws: KernelError.outOfMemory(byteCount: byteCount)) {
            try context.scratch.matrix(rows: rows, width: width)
        }
        #expect(throws: KernelError.outOfMemory(byteCount: byteCount)) {
            try Tensor(rows: rows, width: width)
        }
    }

    @Test("An operation that oneDNN refuses is an error that names it")
    func operationFailed() throws {
        let context = try ComputeContext(threads: 1)
        #expect(throws: KernelError.operationFailed(operation: "softmax -3x4", status: 2)) {
            try context.primitive(for: .softmax(rows: -3, width: 4))
        }
    }

    @Test("The number of compiled operations is bounded, and the recently used stay")
    func boundedCache() throws {
        let context = try ComputeContext(threads: 1)
        let kept = try context.primitive(for: .softmax(rows: 1, width: 3))
        for rows in 2...700 {
            _ = try context.primitive(for: .softmax(rows: rows, width: 3))
            #expect(try context.primitive(for: .softmax(rows: 1, width: 3)) === kept)
        }
        #expect(context.primitiveCount == 512)
    }

    @Test("The version of the library is known")
    func version() {
        #expect(ComputeContext.libraryVersion.split(separator: ".").count == 3)
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
}
