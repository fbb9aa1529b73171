import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Attention")
struct AttentionTests {
    @Test(
        "Equals plain loops on packed sequences",
        arguments: [
            (1, 1, [1]), (3, 5, [4]), (2, 8, [7, 7, 7]), (4, 24, [3, 1, 1, 9, 2]), (1, 64, [50]),
            (5, 3, [17, 2, 2]),
        ],
        [Attention.Mask.none, .causal]
    )
    func matchesReference(shape: (heads: Int, headWidth: Int, lengths: [Int]), mask: Attention.Mask) throws {
        let width = shape.heads * shape.headWidth
        let input = Workbench.random("qkv", shape.lengths.reduce(0, +) * 3 * width).map { 2 * $0 }
        let fast = try Workbench().attention(
            queryKeyValue: input,
            width: width,
            heads: shape.heads,
            lengths: shape.lengths,
            mask: mask
        )
        let slow = Workbench.referenceAttention(
            queryKeyValue: input,
            width: width,
            heads: shape.heads,
            lengths: shape.lengths,
            mask: mask
        )
        #expect(Closeness.relativeError(fast, slow) < 1e-6)
    }

    @Test("A sequence does not see its neighbours")
    func boundaries() throws {
        let bench = try Workbench()
        let (width, heads) = (32, 2)
        let lengths = [5, 3, 3, 8]
        let input = Workbench.random("qkv", 19 * 3 * width)
        let packed = try bench.attention(
            queryKeyValue: input,
            width: width,
            heads: heads,
            lengths: lengths,
            mask: .causal
        )
        var first = 0
        for length in lengths {
            let alone = try bench.attention(
                queryKeyValue: Array(input[first * 3 * width..<(first + length) * 3 * width]),
                width: width,
                heads: heads,
                lengths: [length],
                mask: .causal
            )
            let expected = Array(packed[first * width..<(first + length) * width])
            #expect(Closeness.relativeError(alone, expected) < 1e-6)
            first += length
        }
    }

    @Test("One query for each sequence gives that row of the whole")
    func pooledQuery() throws {
        let bench = try Workbench()
        let (width, heads, lengths) = (30, 3, [4, 4, 6, 1])
        let rows = 15
        let input = Workbench.random("qkv", rows * 3 * width)
        let whole = try bench.attention(
            queryKeyValue: input,
            width: width,
            heads: heads,
            lengths: lengths,
            mask: .causal
        )
        let packed = try bench.tensor(input, rows: rows).matrix
        let sequences = SequenceLayout(lengths: lengths)
        let query = try bench.tensor([Float](repeating: 0, count: 4 * width), rows: 4)
        query.matrix.gather(sequences.lastRows, from: packed.columns(0..<width))
        let output = try bench.tensor([Float](repeating: .nan, count: 4 * width), rows: 4)
        try Attention(heads: heads, in: bench.context)(
            query: query.matrix,
            key: packed.columns(width..<2 * width),
            value: packed.columns(2 * width..<3 * width),
            sequences: sequences,
            mask: .none,
            into: output.matrix
        )
        let expected = sequences.lastRows.flatMap { whole[$0 * width..<($0 + 1) * width] }
        #expect(Closeness.relativeError(output.matrix.floats(), expected) < 1e-6)
    }

    @Test("Scores past the working size are computed piece by piece", arguments: [(3, 300, 1), (2, 60, 90)])
    func pieces(heads: Int, length: Int, count: Int) throws {
        let bench = try Workbench()
        let width = heads * 4
        let input = Workbench.random("qkv", length * count * 3 * width)
        let lengths = [Int](repeating: length, count: count)
        let all = try bench.attention(
            queryKeyValue: input,
            width: width,
            heads: heads,
            lengths: lengths,
            mask: .none
        )
        // The last sequence against plain loops: the others are there to fill the pieces before it.
        let last = Array(input[(count - 1) * length * 3 * width..<input.count])
        let slow = Workbench.referenceAttention(
            queryKeyValue: last,
            width: width,
            heads: heads,
            lengths: [length],
            mask: .none
        )
        #expect(Closeness.relativeError(Array(all.suffix(slow.count)), slow) < 1e-6)
        #expect(bench.context.scratch.byteCount < 4 << 20)
    }

    @Test("Sequences of equal length beside each other form one run")
    func layout() {
        let layout = SequenceLayout(lengths: [2, 2, 5, 2])
        #expect(layout.count == 4)
        #expect(layout.rows == 11)
        #expect(layout.firstRows == [0, 2, 4, 9])
        #expect(layout.lastRows == [1, 3, 8, 10])
    }
}
