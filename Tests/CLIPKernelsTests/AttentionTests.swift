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
        try Attention(heads: heads).pooled(
            query: query.matrix,
            key: packed.columns(width..<2 * width),
            value: packed.columns(2 * width..<3 * width),
            sequences: sequences,
            members: 0..<4,
            into: output.matrix,
            in: bench.context
        )
        let expected = sequences.lastRows.flatMap { whole[$0 * width..<($0 + 1) * width] }
        #expect(Closeness.relativeError(output.matrix.floats(), expected) < 1e-6)
    }

    @Test(
        "Long sequences, too, and with little scratch",
        arguments: [(3, 4, 300), (2, 64, 577), (1, 20, 1_025)]
    )
    func longSequences(heads: Int, headWidth: Int, length: Int) throws {
        let bench = try Workbench()
        let width = heads * headWidth
        let input = Workbench.random("qkv", length * 3 * width)
        let fast = try bench.attention(
            queryKeyValue: input,
            width: width,
            heads: heads,
            lengths: [length],
            mask: .causal
        )
        let slow = Workbench.referenceAttention(
            queryKeyValue: input,
            width: width,
            heads: heads,
            lengths: [length],
            mask: .causal
        )
        #expect(Closeness.relativeError(fast, slow) < 1e-6)
        // Keys and values of one head, beside the copy of the input that the bench makes there.
        #expect(bench.context.scratch.byteCount < 4 * input.count + 4 * 3 * (length + 16) * (headWidth + 16))
    }

    @Test("Parts of the rows give what all give", arguments: [Attention.Mask.none, .causal])
    func parts(mask: Attention.Mask) throws {
        let bench = try Workbench()
        let (width, heads, lengths) = (48, 2, [5, 1, 13, 4])
        let input = Workbench.random("qkv", 23 * 3 * width)
        func attention(_ parts: [Range<Int>]) throws -> [Float] {
            try bench.attention(
                queryKeyValue: input,
                width: width,
                heads: heads,
                lengths: lengths,
                mask: mask,
                parts: parts
            )
        }
        let whole = try attention([0..<23])
        for parts in [
            [0..<11, 11..<23], [0..<5, 5..<6, 6..<23], [0..<1, 1..<8, 8..<9, 9..<23], [0..<0, 0..<23],
        ] {
            #expect(try Closeness.relativeError(attention(parts), whole) < 1e-6, "\(parts)")
        }
    }

    @Test(
        "bf16 queries, keys and values are computed as the floats that they are, but for the rounding of weights",
        arguments: [(40, 2), (9, 3), (6, 3), (64, 1), (96, 2), (128, 2), (160, 2)],
        [Attention.Mask.none, .causal]
    )
    func halved(shape: (width: Int, heads: Int), mask: Attention.Mask) throws {
        let bench = try Workbench()
        let lengths = [19, 3, 1, 50, 16, 33]
        let rows = lengths.reduce(0, +)
        let input = Workbench.random("qkv", rows * 3 * shape.width).map(Rounding.bf16)
        let halved = try bench.attention(
            queryKeyValue: input,
            width: shape.width,
            heads: shape.heads,
            lengths: lengths,
            mask: mask,
            format: .bf16
        )
        let slow = Workbench.referenceAttention(
            queryKeyValue: input,
            width: shape.width,
            heads: shape.heads,
            lengths: lengths,
            mask: mask
        )
        // Heads of an odd width, and processors without products of pairs, round nothing.
        let isOdd = shape.width / shape.heads % 2 == 1
        #expect(Closeness.relativeError(halved, slow) < (isOdd ? 1e-6 : 3e-3))
    }

    @Test(
        "Sequences that continue a prefix give the bits of whole ones",
        arguments: [NumberFormat.f32, .bf16],
        [[0..<13], [0..<4, 4..<9, 9..<13]]
    )
    func branches(format: NumberFormat, parts: [Range<Int>]) throws {
        let bench = try Workbench()
        let (width, heads) = (64, 2)
        // Two rows from a cache, and four sequences: one of the cached rows and three of its own, two that continue
        // parts of it, and one by itself.
        let layout = SequenceLayout(
            [
                .init(prefix: [0, 1], length: 3), .init(prefix: [0, 1, 2], length: 4),
                .init(prefix: [0, 1, 2, 5, 6], length: 1), .init(prefix: [], length: 5),
            ],
            cachedRows: 2
        )
        #expect(layout.rows == 13 && layout.lastRows == [2, 6, 7, 12])
        let places = [[0, 1, 2, 3, 4], [0, 1, 2, 5, 6, 7, 8], [0, 1, 2, 5, 6, 9], [10, 11, 12, 13, 14]]
        let input = Workbench.random("qkv", 15 * 3 * width)
        let packed = try bench.matrix(input, rows: 15, format: format)
        let key = packed.columns(width..<2 * width)
        let value = packed.columns(2 * width..<3 * width)
        let mixed = try bench.tensor([Float](repeating: .nan, count: 13 * width), rows: 13)
        for part in parts {
            try Attention(heads: heads)(
                query: packed.columns(0..<width).rows(part.lowerBound + 2..<part.upperBound + 2),
                key: key,
                value: value,
                sequences: layout,
                rows: part,
                mask: .causal,
                into: mixed.matrix.rows(part),
                in: bench.context
            )
        }
        for (sequence, places) in places.enumerated() {
            let whole = places.flatMap { Array(input[$0 * 3 * width..<($0 + 1) * 3 * width]) }
            let expected = try Workbench().attention(
                queryKeyValue: whole,
                width: width,
                heads: heads,
                lengths: [places.count],
                mask: .causal,
                format: format
            )
            let own = layout.rows(of: sequence)
            #expect(
                mixed.matrix.rows(own).floats() == Array(expected.suffix(own.count * width)),
                "\(sequence)"
            )
        }
        let last = try bench.tensor([Float](repeating: .nan, count: 4 * width), rows: 4)
        let query = try bench.context.scratch.matrix(rows: 4, width: width, format: format)
        query.gather(layout.lastRows.map { $0 + 2 }, from: packed.columns(0..<width))
        try Attention(heads: heads).pooled(
            query: query,
            key: key,
            value: value,
            sequences: layout,
            members: 0..<4,
            into: last.matrix,
            in: bench.context
        )
        #expect(last.matrix.floats() == layout.lastRows.flatMap { mixed.matrix.rows($0..<$0 + 1).floats() })
    }

    @Test("Scores that no softmax survives give no crash", arguments: [Float.nan, .infinity, 1e30])
    func strangeNumbers(value: Float) throws {
        var input = Workbench.random("qkv", 6 * 3 * 16)
        input[5] = value
        let output = try Workbench().attention(
            queryKeyValue: input,
            width: 16,
            heads: 1,
            lengths: [2, 4],
            mask: .none
        )
        #expect(output[2 * 16..<6 * 16].allSatisfy { $0.isFinite }, "The other sequence is not affected.")
    }

    @Test("Where scores overflow the result is no number, instead of one that looks right")
    func overflow() throws {
        for lengths in [[2], [20], [40]] {
            var input = Workbench.random("qkv", lengths[0] * 3 * 16)
            // The first query's score with the last key.
            input[5] = 1e30
            input[(lengths[0] - 1) * 3 * 16 + 16 + 5] = 1e30
            let output = try Workbench().attention(
                queryKeyValue: input,
                width: 16,
                heads: 1,
                lengths: lengths,
                mask: .none
            )
            #expect(output[..<16].allSatisfy { !$0.isFinite })
        }
    }

    @Test("A layout knows where its sequences lie")
    func layout() {
        let layout = SequenceLayout(lengths: [2, 2, 5, 2])
        #expect(layout.rows(of: 2) == 4..<9)
        #expect(layout.sequences(in: 0..<11) == 0..<4)
        #expect(layout.sequences(in: 3..<5) == 1..<3)
        #expect(layout.sequences(in: 8..<9) == 2..<3)
        #expect(layout.sequences(in: 5..<5).isEmpty)
        #expect(layout.count == 4)
        #expect(layout.rows == 11)
        #expect(layout.firstRows == [0, 2, 4, 9])
        #expect(layout.lastRows == [1, 3, 8, 10])
    }
}
