import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("A safetensors file")
struct SafetensorsFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
        try SafetensorsFile(path: directory.write(bytes, to: "model.safetensors"))
    }

    @Test("Tensors are found by name, with their shape, type and values")
    func reads() throws {
        let file = try open(
            SafetensorsBytes.file([
                .init("a.weight", [2, 3], floats: [1, -2, 3.5, 0, .infinity, -0.0]),
                .init("b", "I64", [2], [UInt8](repeating: 7, count: 16)),
            ])
        )
        #expect(file.tensorNames == ["a.weight", "b"])
        let tensor = try #require(file.tensor(named: "a.weight"))
        #expect(tensor.name == "a.weight")
        #expect(tensor.shape == [2, 3])
        #expect(tensor.scalarType == .float32)
        #expect(tensor.count == 6)
        #expect(tensor.byteCount == 24)
        #expect(
            try tensor.floats().map(\.bitPattern) == [1, -2, 3.5, 0, .infinity, -0.0].map(\Float.bitPattern)
        )
        #expect(file.tensor(named: "b")?.withUnsafeBytes { Array($0) } == [UInt8](repeating: 7, count: 16))
        #expect(file.tensor(named: "c") == nil)
    }

    @Test("Every scalar type of the format is read with its width")
    func scalarTypes() throws {
        let widths = [
            "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
            "U32": 4,
            "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
        ]
        #expect(Set(widths.keys) == Set(TensorView.ScalarType.allCases.map(\.rawValue)))
        let tensors = widths.sorted { $0.key < $1.key }.map { type, width in
            SafetensorsBytes.Tensor(type, type, [3], [UInt8](repeating: 1, count: 3 * width))
        }
        let file = try open(SafetensorsBytes.file(tensors))
        for (type, width) in widths {
            #expect(file.tensor(named: type)?.scalarType.rawValue == type)
            #expect(file.tensor(named: type)?.byteCount == 3 * width)
        }
    }

    @Test("A file without tensors is valid")
    func noTensors() throws {
        #expect(try open(SafetensorsBytes.file(header: "{}")).tensorNames.isEmpty)
    }

    @Test("Tensors without elements and single numbers keep their shape")
    func emptyAndScalar() throws {
        let file = try open(
            SafetensorsBytes.file([
                .init("none before", "F32", [0, 4], []), .init("one", [], floats: [2.5]),
                .init("none after", "F16", [3, 0], []),
            ])
        )
        #expect(try file.tensor(named: "none before")?.floats() == [])
        #expect(file.tensor(named: "none before")?.shape == [0, 4])
        #expect(try file.tensor(named: "one")?.floats() == [2.5])
        #expect(file.tensor(named: "one")?.shape == [])
        #expect(try file.tensor(named: "none after")?.floats() == [])
        file.tensor(named: "none after")?.releasePages()
    }

    @Test("The order of the header need not be the order of the data")
    func anyOrder() throws {
        let entries = SafetensorsBytes.entries([.init("a", [1], floats: [1]), .init("b", [1], floats: [2])])
        let data =
            SafetensorsBytes.littleEndian(Float(1).bitPattern)
            + SafetensorsBytes.littleEndian(Float(2).bitPattern)
        let file = try open(SafetensorsBytes.file(header: "{\(entries[1]),\(entries[0])}", data: data))
        #expect(file.tensorNames == ["a", "b"])
        #expect(try file.tensor(named: "b")?.floats() == [2])
    }

    @Test("Names and metadata may hold every escape of JSON")
    func escapes() throws {
        let header = #"""
            {"__metadata__" : {"format":"pt", "\u00e9\ud83d\ude00":"\"\\\/\b\f\n\r\t"},
             "a\u0000\t": {"shape": [ ], "data_offsets": [0 , 1], "dtype": "U8"}}
            """#
        let file = try open(SafetensorsBytes.file(header: header + " \n\t\r ", data: [9]))
        #expect(file.metadata == ["format": "pt", "\u{E9}\u{1F600}": "\"\\/\u{8}\u{C}\n\r\t"])
        #expect(file.tensorNames == ["a\u{0}\t"])
    }

    @Test("Data at any alignment is read alike", arguments: 0..<8)
    func unaligned(padding: Int) throws {
        let floats: [Float] = [1, .pi, -3e38, .leastNonzeroMagnitude]
        let file = try open(
            SafetensorsBytes.file(
                [
                    .init("byte", "U8", [1], [1]), .init("f32", [4], floats: floats),
                    .init(
                        "f64",
                        "F64",
                        [4],
                        floats.flatMap { SafetensorsBytes.littleEndian(Double($0).bitPattern) }
                    ),
                    .init("bf16", "BF16", [2], [0x80, 0x3F, 0x49, 0xC0]),
                    .init("f16", "F16", [2], [0, 0x3C, 0, 0xC0]),
                ],
                padding: padding
            )
        )
        #expect(try file.tensor(named: "f32")?.floats() == floats)
        #expect(try file.tensor(named: "f64")?.floats() == floats)
        #expect(try file.tensor(named: "bf16")?.floats() == [1, -3.140625])
        #expect(try file.tensor(named: "f16")?.floats() == [1, -2])
    }

    @Test("Views outlive the file value, and released pages load again")
    func lifetime() throws {
        let floats = (0..<50_000).map { Float($0) }
        let path = try directory.write(
            SafetensorsBytes.file([.init("a", [50_000], floats: floats)]),
            to: "a.safetensors"
        )
        let view = try #require(try SafetensorsFile(path: path).tensor(named: "a"))
        #expect(try view.floats() == floats)
        view.releasePages()
        #expect(try view.floats() == floats)
        let file = try SafetensorsFile(path: path)
        file.adviseSequential()
        #expect(try file.tensor(named: "a")?.floats() == floats)
        file.releasePages()
        #expect(try file.tensor(named: "a")?.floats() == floats)
    }

    #if os(Linux)
    /// How much of the mapping of a file this process holds in memory, in kilobytes.
    private func residentKilobytes(of path: String) throws -> Int? {
        // Foundation's whole-file readers stop at the first short read, of which /proc makes many.
        let smaps = try #require(try FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd())
        let lines = String(decoding: smaps, as: UTF8.self).split(separator: "\n")
        guard let mapping = lines.firstIndex(where: { $0.hasSuffix(path) }) else { return nil }
        let resident = lines[mapping...].first { $0.hasPrefix("Rss:") }
        return resident?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    @Test("Released pages leave memory, and the last user takes the mapping with it")
    func residence() throws {
        let floats = [Float](repeating: 1, count: 100_000)
        let path = try directory.write(
            SafetensorsBytes.file([.init("a", [100_000], floats: floats)]),
            to: "r.safetensors"
        )
        do {
            let view = try #require(try SafetensorsFile(path: path).tensor(named: "a"))
            _ = try view.floats()
            #expect(try #require(try residentKilobytes(of: path)) >= 390)
            view.releasePages()
            #expect(try residentKilobytes(of: path) == 0)
        }
        #expect(try residentKilobytes(of: path) == nil)
    }
    #endif

    private struct Expected: Decodable {
        let name: String
        let type: String
        let shape: [Int]
        let bits: [UInt32]?
    }

    @Test("What the safetensors package wrote is read as it reads it")
    func reference() throws {
        let file = try SafetensorsFile(path: Fixture.url("weights/mixed.safetensors").path)
        let expected = try Fixture.decode([Expected].self, from: "weights/mixed.json")
        let types: [String: TensorView.ScalarType] = [
            "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16,
            "int64": .int64,
            "int8": .int8, "bool": .bool,
        ]
        #expect(file.metadata == ["format": "pt"])
        #expect(Set(file.tensorNames) == Set(expected.map(\.name)))
        for entry in expected {
            let tensor = try #require(file.tensor(named: entry.name))
            #expect(tensor.shape == entry.shape)
            #expect(tensor.scalarType == types[entry.type])
            if let bits = entry.bits {
                #expect(try tensor.floats().map(\.bitPattern) == bits, "\(entry.name)")
            }
        }
    }

    @Test("Many threads may read one file")
    func concurrentReads() async throws {
        let floats = (0..<1_000).map { Float($0) }
        let file = try open(SafetensorsBytes.file([.init("a", [1_000], floats: floats)]))
        try await withThrowingTaskGroup(of: [Float]?.self) { group in
            for _ in 0..<8 {
                group.addTask { try file.tensor(named: "a")?.floats() }
            }
            for try await read in group { #expect(read == floats) }
        }
    }
}
