import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("Stored elements become Float")
struct FloatConversionTests {
    private let directory: TemporaryDirectory
    private static let patterns = Array(UInt16.min...UInt16.max)

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func view(_ type: String, _ shape: [Int], _ data: [UInt8]) throws -> TensorView {
        let bytes = SafetensorsBytes.file([.init("tensor", type, shape, data)])
        let file = try SafetensorsFile(path: directory.write(bytes, to: "model.safetensors"))
        return try #require(file.tensor(named: "tensor"))
    }

    private func floats(_ type: String, patterns: [UInt16]) throws -> [Float] {
        try view(type, [patterns.count], patterns.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).floats()
    }

    #if !(os(macOS) && arch(x86_64))
    @Test("All 65,536 halves equal Swift's own conversion")
    func halves() throws {
        let floats = try floats("F16", patterns: Self.patterns)
        // Swift's conversion sets the quiet bit of a NaN; ours leaves the payload as it is.
        let wrong = zip(Self.patterns, floats).filter { pattern, float in
            let expected = Float(Float16(bitPattern: pattern))
            return expected.isNaN
                ? float.bitPattern | 0x40_0000 != expected.bitPattern
                : float.bitPattern != expected.bitPattern
        }
        #expect(wrong.map(\.0) == [])
    }
    #endif

    @Test("All 65,536 bfloat16 are the upper half of their Float")
    func bfloats() throws {
        let floats = try floats("BF16", patterns: Self.patterns)
        #expect(floats.map(\.bitPattern) == Self.patterns.map { UInt32($0) << 16 })
    }

    @Test("F32 keeps every bit, NaN payloads included")
    func singles() throws {
        let bits: [UInt32] = [
            0, 0x8000_0000, 1, 0x7F80_0000, 0x7FC0_1234, 0x7F80_0001, 0xFFFF_FFFF, 0x3F80_0000,
        ]
        let floats = try view("F32", [2, 4], bits.flatMap(SafetensorsBytes.littleEndian)).floats()
        #expect(floats.map(\.bitPattern) == bits)
    }

    @Test("F64 is rounded to the nearest, ties to even")
    func doubles() throws {
        let tie = 1 + 0x1p-24
        let doubles: [Double] = [
            0, -0.0, 1.0 / 3, tie, tie.nextUp, 1e300, -1e300, 1e-50, .infinity, .leastNonzeroMagnitude,
        ]
        let floats = try view("F64", [10], doubles.flatMap { SafetensorsBytes.littleEndian($0.bitPattern) })
            .floats()
        let expected: [Float] = [0, -0.0, 1.0 / 3, 1, 1 + 0x1p-23, .infinity, -.infinity, 0, .infinity, 0]
        #expect(floats.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test("Copying writes where it is told and nowhere else")
    func copies() throws {
        let tensor = try view("BF16", [3], [0x80, 0x3F, 0, 0x40, 0x40, 0x40])
        var destination = [Float](repeating: -1, count: 5)
        try destination.withUnsafeMutableBufferPointer {
            try tensor.copyFloats(into: .init(rebasing: $0[1..<4]))
        }
        #expect(destination == [-1, 1, 2, 3, -1])
    }

    private static let refused: [TensorView.ScalarType] = [
        .bool, .uint8, .int8, .float8E4M3, .float8E5M2, .uint16, .int16, .uint32, .int32, .uint64, .int64,
    ]

    @Test("Other types are refused by name, even without elements", arguments: refused, [0, 2])
    func refusals(type: TensorView.ScalarType, count: Int) throws {
        let data = [UInt8](repeating: 0, count: count * type.byteCount)
        let tensor = try view(type.rawValue, [count], data)
        #expect(throws: WeightError.notConvertibleToFloat(tensor: "tensor", type: type)) {
            try tensor.floats()
        }
        #expect(throws: WeightError.notConvertibleToFloat(tensor: "tensor", type: type)) {
            try withUnsafeTemporaryAllocation(of: Float.self, capacity: count) {
                try tensor.copyFloats(into: $0)
            }
        }
    }
}
