import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("Tensors are read only if all of their elements are finite")
struct FiniteTensorTests {
    /// Nine elements of a type, of which one has these bits.
    private func read(_ type: String, _ bits: UInt64, at element: Int, from start: Int = 0) throws {
        let size = type == "F64" ? 8 : type == "F32" ? 4 : 2
        var data = [UInt8](repeating: 0, count: 9 * size)
        data.replaceSubrange(
            element * size..<(element + 1) * size,
            with: SafetensorsBytes.littleEndian(bits).prefix(size)
        )
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            SafetensorsBytes.file([.init("a", type, [9], data)]),
            to: "model.safetensors"
        )
        let view = try #require(try SafetensorsFile(path: path).tensor(named: "a"))
        var floats = [Float](repeating: 0, count: 9 - start)
        try floats.withUnsafeMutableBufferPointer {
            if start == 0 {
                try view.copyFloats(into: $0)
            } else {
                try view.copyFloats(from: start, into: $0)
            }
        }
    }

    @Test(
        "Infinities and what is no number are refused in every type, with the element's place",
        arguments: [
            ("F32", 0x7F80_0000), ("F32", 0xFF80_0000), ("F32", 0x7FC0_0000), ("F32", 0x7F80_0001),
            ("F32", 0xFFFF_FFFF),
            ("F16", 0x7C00), ("F16", 0xFC00), ("F16", 0x7E00), ("F16", 0x7C01), ("BF16", 0x7F80),
            ("BF16", 0xFF80),
            ("BF16", 0x7FC0), ("BF16", 0xFF81), ("F64", 0x7FF0_0000_0000_0000),
            ("F64", 0x7FF8_0000_0000_0000),
            ("F64", 0x7E37_E43C_8800_759C),  // 1e300, beyond what a Float holds
        ] as [(String, UInt64)]
    )
    func refused(type: String, bits: UInt64) throws {
        for (element, start) in [(0, 0), (8, 0), (5, 3)] {
            #expect {
                try read(type, bits, at: element, from: start)
            } throws: { error in
                guard case .notFinite("a", element, let file) = error as? WeightError else { return false }
                return file.hasSuffix("/model.safetensors")
            }
        }
    }

    @Test(
        "The largest numbers of every type are numbers",
        arguments: [
            ("F32", 0x7F7F_FFFF), ("F32", 0xFF7F_FFFF), ("F16", 0x7BFF), ("F16", 0xFBFF), ("BF16", 0x7F7F),
            ("BF16", 0xFF7F),
            ("F64", 0x47EF_FFFF_E000_0000),
        ] as [(String, UInt64)]
    )
    func accepted(type: String, bits: UInt64) throws {
        try read(type, bits, at: 4)
    }
}
