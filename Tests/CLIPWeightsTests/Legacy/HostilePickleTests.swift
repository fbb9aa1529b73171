import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("A hostile pickle")
struct HostilePickleTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Why an archive of that pickle is refused; nil where it is converted.
    private func refusal(_ pickle: [UInt8], storages: [String] = ["0"]) throws -> WeightError? {
        let path = try directory.write(ArchiveBytes.archive(pickle, storages: storages), to: "a.pt")
        do throws(WeightError) {
            let out = "\(directory.path)/out"
            let conversion = try CheckpointConversion(source: path, directory: out, replacing: true)
            _ = try conversion.run()
            return nil
        } catch {
            return error
        }
    }

    private func beside(_ operations: [UInt8]) -> [UInt8] {
        ArchiveBytes.dictionary(["visual.a": ArchiveBytes.tensor(), "visual.b": operations])
    }

    private func beside(_ operations: String) -> [UInt8] { beside(Array(operations.utf8)) }

    private var path: String { "\(directory.path)/a.pt" }

    @Test("An honest one of the same kind is converted")
    func honest() throws {
        #expect(try refusal(beside("N")) == nil)
        let file = try SafetensorsFile(path: "\(directory.path)/out/open_clip_model.safetensors")
        #expect(file.tensorNames == ["visual.a"])
        #expect(file.tensor(named: "visual.a")?.withUnsafeBytes { Array($0) } == Array(0..<24))
    }

    @Test(
        "Classes and functions that tensors do not need are refused by name",
        arguments: [
            "os.system", "builtins.eval", "builtins.getattr", "torch.load", "torch.hub.load",
            "subprocess.Popen",
            "torch.storage._load_from_bytes", "torch.nn.modules.linear.Linear",
            "torch._utils._rebuild_sparse_tensor",
            "copyreg._reconstructor", "open_clip.model.CLIP", "collections.abc.Mapping", "torch.",
        ]
    )
    func globals(name: String) throws {
        let dot = try #require(name.lastIndex(of: "."))
        let (module, attribute) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
        let error = WeightError.refusedGlobal(name: name, file: path)
        #expect(try refusal(beside(ArchiveBytes.global(module, attribute))) == error)
        let names = ArchiveBytes.text(module) + ArchiveBytes.text(attribute)
        #expect(try refusal(beside(names + [0x93])) == error)
    }

    @Test(
        "Operations that tensors do not need are refused by name",
        arguments: [
            (0x69, "INST"), (0x6F, "OBJ"), (0x50, "PERSID"), (0x49, "INT"), (0x4C, "LONG"), (0x46, "FLOAT"),
            (0x53, "STRING"),
            (0x56, "UNICODE"), (0x67, "GET"), (0x70, "PUT"), (0x82, "EXT1"), (0x83, "EXT2"),
            (0x84, "EXT4"),
            (0x97, "NEXT_BUFFER"), (0x98, "READONLY_BUFFER"), (0xFF, "the unknown operation 255"),
        ]
    )
    func operations(code: Int, name: String) throws {
        let pickle: [UInt8] = [0x80, 2, UInt8(code), 0x2E]
        #expect(try refusal(pickle) == .refusedOperation(name: name, offset: 2, file: path))
    }

    @Test("Persistent ids that are no storages are refused by name")
    func persistentIDs() throws {
        let id = ArchiveBytes.tuple([ArchiveBytes.text("module"), Array("N".utf8)]) + Array("Q".utf8)
        #expect(try refusal(beside(id)) == .refusedGlobal(name: "a persistent id 'module'", file: path))
    }

    @Test(
        "Views that are not in their storage are refused",
        arguments: [
            (1, [2, 3], [3, 1]), (-1, [2, 3], [3, 1]), (Int.max, [2, 3], [3, 1]), (0, [2, 3], [4, 1]),
            (0, [2, 3], [-3, 1]),
            (0, [2, 3], [Int.max, 1]), (0, [7], [1]), (0, [-1], [1]), (0, [Int.max, Int.max], [0, 0]),
            (0, [0, Int.max, Int.max], [0, 0, 0]),
            (0, [2, 3], [1]), (0, [Int](repeating: 1, count: 65), [Int](repeating: 1, count: 65)),
        ]
    )
    func views(offset: Int, shape: [Int], strides: [Int]) throws {
        let tensor = ArchiveBytes.tensor(offset: offset, shape: shape, strides: strides)
        guard case .lyingTensor? = try refusal(ArchiveBytes.dictionary(["visual.a": tensor])) else {
            Issue.record("\(offset) \(shape) \(strides) is not refused")
            return
        }
    }

    @Test("A storage that is not there, or of another length, is refused by name")
    func storages() throws {
        let pickle = ArchiveBytes.dictionary(["visual.a": ArchiveBytes.tensor(key: "1")])
        #expect(try refusal(pickle) == .missingEntry(entry: "a/data/1", file: path))
        for (count, bytes) in [(5, 20), (7, 28)] {
            let tensor = ArchiveBytes.tensor(count: count, shape: [2], strides: [1])
            let error = WeightError.storageMismatch(storage: "0", expected: bytes, found: 24, file: path)
            #expect(try refusal(ArchiveBytes.dictionary(["visual.a": tensor])) == error)
        }
    }

    @Test("A few bytes do not become a file of terabytes")
    func expansion() throws {
        let tensor = ArchiveBytes.tensor(shape: [1 << 40], strides: [0])
        guard
            case .tooMuchRepeated(_, let byteCount, let limit)? = try refusal(
                ArchiveBytes.dictionary(["visual.a": tensor])
            )
        else {
            Issue.record("It is not refused")
            return
        }
        #expect(byteCount == 4 << 40 && limit < 2 << 20)
    }

    @Test("Types that safetensors cannot hold are refused by name, where they are the model's")
    func types() throws {
        let complex = ArchiveBytes.tensor(
            count: 3,
            shape: [3],
            strides: [1],
            storage: ("torch", "ComplexFloatStorage")
        )
        #expect(
            try refusal(ArchiveBytes.dictionary(["visual.a": complex]))
                == .inexpressibleType(tensor: "visual.a", type: "complex64")
        )
        let state = Array("}".utf8) + ArchiveBytes.text("visual.a") + ArchiveBytes.tensor() + Array("s".utf8)
        #expect(try refusal(ArchiveBytes.dictionary(["state_dict": state, "other": complex])) == nil)
    }

    @Test("Cycles, depth and doubling cost nothing")
    func cheap() throws {
        let start = ContinuousClock.now
        let doubled = Array(")".utf8) + (0..<80).flatMap { _ in [0x32, 0x86] as [UInt8] }
        let deep = String(repeating: "]", count: 100_000) + String(repeating: "a", count: 99_999)
        for operations in [
            Array("]q\0h\0a".utf8), Array("}q\0X\u{1}\0\0\0ah\0s".utf8), doubled, Array(deep.utf8),
        ] {
            #expect(try refusal(beside(operations)) == nil)
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test(
        "What describes more than a checkpoint holds is refused",
        arguments: ["N", "]", "(", "}", "N\u{32}"]
    )
    func endless(operation: String) throws {
        let pickle = [0x80, 2] + Array(String(repeating: operation, count: 4_100_000).utf8)
        guard case .malformedPickle(_, _, let reason)? = try refusal(pickle) else {
            Issue.record("It is not refused")
            return
        }
        #expect(reason == "it describes more than a checkpoint holds")
    }

    @Test("Modules within each other without an end are refused")
    func modules() throws {
        // A module that is an attribute of its own.
        let made = ArchiveBytes.global("__torch__", "CLIP") + [0x29, 0x81]
        let bytes = [0x80, 2] + made + Array("q\0}".utf8) + ArchiveBytes.text("a") + Array("h\0sb.".utf8)
        let found = try refusal(bytes)
        #expect(
            found
                == .noStateDictionary(
                    file: path,
                    found: "modules within modules without an end"
                )
        )
    }

    @Test(
        "A module of many attributes that is shared by many is not looked through for each of them",
        .timeLimit(.minutes(1))
    )
    func sharedModules() throws {
        /// A module with `count` attributes of one name, whatever they are.
        func module(_ count: Int, _ attribute: [UInt8]) -> [UInt8] {
            ArchiveBytes.global("__torch__", "M") + [0x29, 0x81] + Array("}(".utf8)
                + (0..<count).flatMap { _ in attribute } + Array("ub".utf8)
        }
        let name = ArchiveBytes.text("a") + Array("q\u{1}".utf8)
        // Twenty billion attributes, if each way to them were gone.
        let inner: [UInt8] =
            name + Array("0".utf8) + module(200_000, Array("h\u{1}N".utf8)) + Array("q\0".utf8)
        let start = ContinuousClock.now
        let shared: [UInt8] =
            [0x80, 2] + inner + Array("0".utf8) + module(60_000, Array("h\u{1}h\0".utf8)) + Array(".".utf8)
        let endless = WeightError.noStateDictionary(
            file: path,
            found: "modules within modules without an end"
        )
        #expect(try refusal(shared) == endless)
        // More modules than a checkpoint has tensors, and names that grow on every way.
        let many: [UInt8] =
            [0x80, 2] + name + Array("0".utf8) + module(1, Array("h\u{1}N".utf8)) + Array("q\00".utf8)
        #expect(
            try refusal(many + module(70_000, Array("h\u{1}h\0".utf8)) + Array(".".utf8)) == endless
        )
        let long = ArchiveBytes.text(String(repeating: "n", count: 1 << 20)) + Array("q\u{1}".utf8)
        let names: [UInt8] =
            [0x80, 2] + long + Array("0".utf8) + module(1, Array("h\u{1}N".utf8)) + Array("q\00".utf8)
        #expect(
            try refusal(names + module(1000, Array("h\u{1}h\0".utf8)) + Array(".".utf8)) == endless
        )
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test(
        "What holds no dictionary of a CLIP's tensors is refused, and said what it is",
        arguments: [("].", "a list"), (").", "a tuple"), ("}.", "an empty dictionary"), ("N.", "nothing")]
    )
    func others(operations: String, found: String) throws {
        let pickle = [0x80, 2] + Array(operations.utf8)
        #expect(try refusal(pickle) == .noStateDictionary(file: path, found: found))
        let other = ArchiveBytes.dictionary(["encoder.a": ArchiveBytes.tensor()])
        #expect(try refusal(other) == .noCLIP(file: path, names: ["encoder.a"]))
    }
}
