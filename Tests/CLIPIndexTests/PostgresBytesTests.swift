import CLIPIndex
import Testing

@Suite("Values as PostgreSQL sends and receives them")
struct PostgresBytesTests {
    @Test(
        "A vector's numbers are rounded to the nearest 16-bit float, and of two to the even one, as NumPy's are"
    )
    func halves() {
        // What numpy.float16 2.4 makes of the same 32-bit floats.
        let samples: [(Float, UInt16)] = [
            (1.000_488_281_25, 0x3C00), (1.001_464_843_75, 0x3C02), (65504, 0x7BFF), (65519, 0x7BFF),
            (5.960_464_5e-08, 0x0001), (2.980_232_2e-08, 0x0000), (8.940_697e-08, 0x0002),
            (6.103_515_6e-05, 0x0400), (0.1, 0x2E66), (-0.044_194_17, 0xA9A8), (1 / 3, 0x3555),
            (-0.0, 0x8000),
        ]
        for (value, pattern) in samples {
            let bytes = PostgresBytes.vector([value])
            #expect(bytes == [0, 1, 0, 0, UInt8(pattern >> 8), UInt8(pattern & 255)], "\(value)")
        }
    }

    @Test("A vector comes back as it was kept, and what is none is told")
    func vectors() throws {
        var samples = VectorSamples(seed: 3)
        let vector = samples.vector(width: 512)
        let back = try #require(PostgresBytes.vector(of: PostgresBytes.vector(vector)))
        #expect(zip(vector, back).allSatisfy { abs($0 - $1) <= abs($0) / 2048 + 3e-8 })
        for bytes in [[], [0, 1], [0, 2, 0, 0, 1, 2], [0, 1, 0, 0, 1, 2, 3]] as [[UInt8]] {
            #expect(PostgresBytes.vector(of: bytes) == nil)
        }
    }

    @Test("Rows for COPY have the bytes that PostgreSQL 16 writes of the same values")
    func copy() {
        // COPY (SELECT 1::bigint, '\x0102'::bytea, NULL::text, '[1,-0.5,0.33325]'::halfvec) TO STDOUT (FORMAT binary)
        var copy = PostgresCopy()
        copy.append(row: [
            PostgresBytes.integer(1), [1, 2], nil, PostgresBytes.vector([1, -0.5, 0.33325]),
        ])
        let expected =
            "5047434f50590aff0d0a0000000000000000000004000000080000000000000001000000020102ffffffff"
            + "0000000a000300003c00b8003555ffff"
        #expect(Self.hexadecimal(copy.bytes) == expected)
    }

    @Test("Lists have the bytes that PostgreSQL 16 writes of the same values")
    func lists() {
        // COPY (SELECT array['\x01'::bytea, '\x'::bytea], array[]::bytea[]) TO STDOUT (FORMAT binary)
        #expect(
            Self.hexadecimal(PostgresBytes.list([[1], []], of: 17))
                == "00000001000000000000001100000002000000010000000101" + "00000000"
        )
        #expect(Self.hexadecimal(PostgresBytes.list([], of: 17)) == "000000000000000000000011")
    }

    @Test("Embeddings are kept with length one, and as zeros where they point nowhere")
    func directions() {
        #expect(PostgresBytes.direction(of: [3, 0, -4]) == [0.6, 0, -0.8])
        for vector in [[0, 0], [.infinity, 1], [.nan, 1]] as [[Float]] {
            #expect(PostgresBytes.direction(of: vector) == [0, 0])
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
