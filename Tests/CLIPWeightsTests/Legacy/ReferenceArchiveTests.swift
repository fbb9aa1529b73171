import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("An archive of PyTorch")
struct ReferenceArchiveTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private struct Expected: Decodable {
        let type: String
        let shape: [Int]
        let bytes: String
    }

    private static let types = [
        "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
        "int32": "I32",
        "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL", "uint16": "U16", "uint32": "U32",
        "uint64": "U64",
        "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
    ]

    @Test(
        "What PyTorch wrote is converted bit for bit",
        arguments: [
            "dictionary", "training", "stream-training", "protocol-5", "script", "big-endian", "wrapped",
            "hung-on",
        ]
    )
    func reference(kind: String) throws {
        let expected = try #require(
            try Fixture.decode([String: [String: Expected]].self, from: "archives/expected.json")[kind]
        )
        let conversion = try CheckpointConversion(
            source: Fixture.url("archives/\(kind).pt").path,
            directory: "\(directory.path)/out",
            replacing: false
        )
        let report = try conversion.run()
        #expect(report.tensorCount == expected.count)
        #expect(report.files.last == "open_clip_model.safetensors")
        let file = try SafetensorsFile(path: "\(directory.path)/out/open_clip_model.safetensors")
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensorNames.sorted() == expected.keys.sorted())
        for (name, wanted) in expected {
            let found = try #require(file.tensor(named: name), "\(name)")
            #expect(found.scalarType.rawValue == Self.types[wanted.type], "\(name)")
            #expect(found.shape == wanted.shape, "\(name)")
            let bytes = found.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() }
            #expect(bytes == wanted.bytes, "\(name)")
        }
    }

    @Test(
        "What is cut off anywhere is refused, and nothing is written",
        arguments: ["dictionary", "stream-training"]
    )
    func cut(kind: String) throws {
        let bytes = try Fixture.bytes("archives/\(kind).pt")
        for end in stride(from: 0, to: bytes.count, by: 61) {
            let path = try directory.write(Array(bytes[..<end]), to: "cut.pt")
            #expect(throws: WeightError.self, "\(end)") {
                try CheckpointConversion(source: path, directory: "\(directory.path)/out", replacing: false)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/out"))
    }

    @Test("A bit that turned over in a storage is found by its checksum")
    func damaged() throws {
        var bytes = try Fixture.bytes("archives/dictionary.pt")
        let name = Array("archive/data/0".utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        // Behind the name, the padding of which the two bytes before the name say the length.
        let padding = Int(bytes[start - 2]) | Int(bytes[start - 1]) << 8
        bytes[start + name.count + padding + 3] ^= 1
        let path = try directory.write(bytes, to: "bit.pt")
        #expect(throws: WeightError.wrongChecksum(entry: "archive/data/0", file: path)) {
            try CheckpointConversion(source: path, directory: directory.path, replacing: false)
        }
    }
}
