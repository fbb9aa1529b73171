import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("A checkpoint in shards")
struct CheckpointTests {
    private let directory: TemporaryDirectory
    private var indexPath: String { "\(directory.path)/model.safetensors.index.json" }

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(SafetensorsBytes.file([.init("a", [1], floats: [1])]), to: "one.safetensors")
        try directory.write(
            SafetensorsBytes.file([.init("b", [1], floats: [2]), .init("c", [1], floats: [3])]),
            to: "two.safetensors"
        )
    }

    private func open(_ index: String) throws -> Checkpoint {
        try Checkpoint(indexPath: directory.write(index, to: "model.safetensors.index.json"))
    }

    private func expect(_ error: WeightError, _ index: String, _ location: SourceLocation = #_sourceLocation)
    {
        #expect(throws: error, sourceLocation: location) { try open(index) }
    }

    private func map(_ pairs: String...) -> String {
        #"{"metadata":{"total_size":12},"weight_map":{\#(pairs.joined(separator: ","))}}"#
    }

    @Test("All tensors are found, wherever they lie")
    func reads() throws {
        let checkpoint = try open(
            map(#""c":"two.safetensors""#, #""a":"one.safetensors""#, #""b":"two.safetensors""#)
        )
        #expect(checkpoint.tensorNames == ["a", "b", "c"])
        #expect(checkpoint.files.map(\.path) == ["one", "two"].map { "\(directory.path)/\($0).safetensors" })
        checkpoint.adviseSequential()
        #expect(try ["a", "b", "c"].map { try checkpoint.tensor(named: $0)?.floats() } == [[1], [2], [3]])
        checkpoint.releasePages()
        #expect(try checkpoint.tensor(named: "c")?.floats() == [3])
        #expect(checkpoint.tensor(named: "d") == nil)
    }

    private struct Expected: Decodable {
        let name: String
        let bits: [UInt32]
    }

    @Test("What huggingface_hub split is read whole")
    func reference() throws {
        let index = Fixture.url("weights/sharded/model.safetensors.index.json").path
        let checkpoint = try Checkpoint(indexPath: index)
        let expected = try Fixture.decode([Expected].self, from: "weights/sharded.json")
        #expect(checkpoint.files.count == 3)
        #expect(checkpoint.tensorNames == expected.map(\.name).sorted())
        for entry in expected {
            #expect(try checkpoint.tensor(named: entry.name)?.floats().map(\.bitPattern) == entry.bits)
        }
    }

    @Test("A single file is a checkpoint too")
    func single() throws {
        let checkpoint = Checkpoint(try SafetensorsFile(path: "\(directory.path)/two.safetensors"))
        #expect(checkpoint.tensorNames == ["b", "c"])
        #expect(checkpoint.files.count == 1)
    }

    @Test("Metadata of any plain kind are passed over")
    func metadata() throws {
        let metadata = #"{"total_size":1.5e+3,"n":-1,"x":true,"y":false,"z":null,"w":"}\"{","empty":""}"#
        let index = #"{"metadata":\#(metadata),"weight_map":{"a":"one.safetensors"}}"#
        #expect(try open(index).tensorNames == ["a"])
        for value in ["[1]", "{}", "nan", "tru", "+1", "-", "", "1e"] {
            let lie = #"{"metadata":{"x":\#(value)},"weight_map":{"a":"one.safetensors"}}"#
            let fault = "a string, a number, true, false or null"
            expect(.malformedJSON(file: indexPath, offset: 17, expected: fault), lie)
        }
    }

    @Test(
        "A shard's name never leads out of the directory",
        arguments: [
            "../one.safetensors", "/etc/passwd", "/tmp/one.safetensors", "sub/one.safetensors", "..", ".", "",
            ".hidden.safetensors", "one.bin", "one.safetensors/../../x.safetensors", "..\\\\one.safetensors",
            "one\\u0000.safetensors", "one\\n.safetensors",
            String(repeating: "a", count: 256) + ".safetensors",
        ]
    )
    func escape(name: String) throws {
        let unescaped = try JSONDecoder().decode([String].self, from: Data("[\"\(name)\"]".utf8))[0]
        expect(.unsafeShardName(name: unescaped, file: indexPath), map("\"a\":\"\(name)\""))
    }

    @Test("A shard that is not there is named")
    func absentShard() {
        let error = WeightError.missingShards(index: indexPath, names: ["three.safetensors"], count: 1)
        expect(error, map(#""a":"one.safetensors""#, #""b":"three.safetensors""#))
    }

    @Test("A tensor that its shard does not hold is named")
    func tensorNotInShard() {
        let error = WeightError.tensorNotInShard(name: "x", shard: "\(directory.path)/one.safetensors")
        expect(error, map(#""a":"one.safetensors""#, #""x":"one.safetensors""#))
    }

    @Test("A tensor that the index leaves out, or places elsewhere, is named")
    func tensorNotInIndex() {
        let path = "\(directory.path)/two.safetensors"
        expect(.tensorNotInIndex(name: "c", shard: path), map(#""b":"two.safetensors""#))
        expect(
            .tensorNotInIndex(name: "b", shard: path),
            map(#""a":"one.safetensors""#, #""b":"one.safetensors""#, #""c":"two.safetensors""#)
        )
    }

    @Test("A tensor that two shards hold is refused")
    func twice() throws {
        try directory.write(SafetensorsBytes.file([.init("a", [1], floats: [9])]), to: "three.safetensors")
        let path = "\(directory.path)/three.safetensors"
        try directory.write(
            SafetensorsBytes.file([.init("a", [1], floats: [9]), .init("d", [1], floats: [9])]),
            to: "three.safetensors"
        )
        expect(
            .tensorNotInIndex(name: "a", shard: path),
            map(#""a":"one.safetensors""#, #""d":"three.safetensors""#)
        )
    }

    @Test("An index that lists a tensor twice, or has two maps, is refused")
    func duplicates() {
        expect(
            .duplicateTensor(name: "a", file: indexPath),
            map(#""a":"one.safetensors""#, #""a":"two.safetensors""#)
        )
        let twoMaps = #"{"weight_map":{"a":"one.safetensors"},"weight_map":{"a":"one.safetensors"}}"#
        expect(.duplicateKey(key: "weight_map", file: indexPath), twoMaps)
        expect(.duplicateKey(key: "k", file: indexPath), #"{"metadata":{"k":1,"k":1}}"#)
    }

    @Test("An index without a map is refused", arguments: ["{}", #"{"metadata":{}}"#, #"{"weight_map":{}}"#])
    func noMap(index: String) {
        expect(.indexWithoutWeightMap(file: indexPath), index)
    }

    @Test("An index with too many shards or bytes is refused")
    func bounded() throws {
        let names = (0..<257).map { #""\#($0)":"\#($0).safetensors""# }.joined(separator: ",")
        expect(.tooManyShards(file: indexPath, limit: 256), map(names))
        let byteCount = 16 << 20 + 1
        #expect(FileManager.default.createFile(atPath: indexPath, contents: nil))
        #expect(truncate(indexPath, off_t(byteCount)) == 0)
        #expect(throws: WeightError.fileTooLarge(path: indexPath, byteCount: byteCount, limit: 16 << 20)) {
            try Checkpoint(indexPath: indexPath)
        }
    }

    @Test("An index that is not the JSON of an index is refused")
    func malformed() throws {
        expect(.malformedJSON(file: indexPath, offset: 0, expected: "'{'"), "[]")
        expect(.malformedJSON(file: indexPath, offset: 14, expected: "'{'"), #"{"weight_map":[]}"#)
        expect(.malformedJSON(file: indexPath, offset: 19, expected: "a string"), #"{"weight_map":{"a":1}}"#)
        try directory.write([0x7B, 0xFF], to: "model.safetensors.index.json")
        #expect(throws: WeightError.notUTF8(file: indexPath)) { try Checkpoint(indexPath: indexPath) }
    }
}
