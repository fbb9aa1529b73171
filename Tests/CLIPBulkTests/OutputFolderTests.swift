import CLIPBulk
import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("Files of embeddings")
struct OutputFolderTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private var path: String { "\(folder.path)/new/output" }

    private func settings(
        _ format: OutputFormat = .npy,
        _ numbers: NumberType = .f32,
        change: (inout OutputSettings) -> Void = { _ in }
    ) -> OutputSettings {
        var settings = OutputSettings(model: "tiny", precision: "f32", sample: [0.6, 0.8])
        (settings.format, settings.numbers) = (format, numbers)
        change(&settings)
        return settings
    }

    private func shard(_ files: [String] = ["a.jpg", "b.jpg"], number: Int = 0) -> Shard {
        Shard(files.map { ListedFile(path: $0, bytes: 1) }, number: number)
    }

    private func write(_ output: OutputFolder, _ shard: Shard, rows: Int = 2, failures: Int = 0) throws {
        let writer = try output.writer(for: shard)
        for row in 0..<rows { try writer.append(key: "\(row).jpg", [Float(row), 0.1]) }
        for row in 0..<failures { try writer.fail(key: "bad \(row)", reason: "It is no picture.") }
        _ = try writer.finish()
    }

    private var names: [String] { (FileName.names(inFolder: path) ?? []).sorted() }

    private func bytes(_ name: String) throws -> [UInt8] {
        try FileContents.read("\(path)/\(name)", limit: .max)
    }

    @Test("An array has numpy's header, and beside it the keys and what failed")
    func array() throws {
        try write(OutputFolder(path, settings: settings()), shard(), failures: 1)
        #expect(names == ["00000.done.json", "00000.failures.jsonl", "00000.keys.jsonl", "00000.npy"])
        let array = try bytes("00000.npy")
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
        #expect(Array(array[..<10]) == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0])
        let text = String(decoding: array[10..<128], as: UTF8.self)
        #expect(text == header.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n")
        #expect(
            Array(array[128...]) == [
                0, 0, 0, 0, 0xCD, 0xCC, 0xCC, 0x3D, 0, 0, 0x80, 0x3F, 0xCD, 0xCC, 0xCC, 0x3D,
            ]
        )
        #expect(try String(decoding: bytes("00000.keys.jsonl"), as: UTF8.self) == "\"0.jpg\"\n\"1.jpg\"\n")
        #expect(
            try String(decoding: bytes("00000.failures.jsonl"), as: UTF8.self)
                == "{\"key\":\"bad 0\",\"reason\":\"It is no picture.\"}\n"
        )
        try write(OutputFolder(path, settings: settings(.npy, .f16), replacing: true), shard(), rows: 1)
        #expect(try bytes("00000.npy").suffix(4) == [0, 0, 0x66, 0x2E])
        #expect(try String(decoding: bytes("00000.npy")[10..<25], as: UTF8.self) == "{'descr': '<f2'")
        #expect(names == ["00000.done.json", "00000.keys.jsonl", "00000.npy"])
    }

    @Test("JSON Lines have a key and an embedding each, names of any bytes included")
    func lines() throws {
        let output = try OutputFolder(path, settings: settings(.jsonl))
        let writer = try output.writer(for: shard())
        try writer.append(key: "a\"\n" + FileName.text(of: [0xE9]), [0.5, -1])
        _ = try writer.finish()
        #expect(
            try String(decoding: bytes("00000.jsonl"), as: UTF8.self)
                == #"{"key":"a\"\n\udce9","embedding":[0.5,-1.0]}"# + "\n"
        )
    }

    /// Files of the rows ("0.jpg", [0, 0.1]) and ("1.jpg", [1, 0.1]), as `make bulk` has pyarrow 26.0.1 read files.
    private let golden: [NumberType: String] = [
        .f32: "UEFSMRUAFSQVJCwVBBUAFQYVBgAABQAAADAuanBnBQAAADEuanBnFQAVRBVELBUIFQAVBhUGAAAIAAAAAgAC"
            + "AQIAAgECAAAACAEAAAAAzczMPQAAgD/NzMw9FQQZXEgGc2NoZW1hFQQAFQwlABgDa2V5JQBMHAAAADUAGAll"
            + "bWJlZGRpbmcVAhUGTDwAAAA1BBgEbGlzdBUCABUIJQAYB2VsZW1lbnQAFgQZHBksJgAcFQwZJQAGGRgDa2V5"
            + "FQAWBBZGFkYmCAAAJgAcFQgZJQAGGTgJZW1iZWRkaW5nBGxpc3QHZWxlbWVudBUAFggWZhZmJk4AABasARYE"
            + "JggWrAEAKBRzd2lmdC1jbGlwIHZlcnNpb24gMQC/AAAAUEFSMQ==",
        .f16: "UEFSMRUAFSQVJCwVBBUAFQYVBgAABQAAADAuanBnBQAAADEuanBnFQAVNBU0LBUIFQAVBhUGAAAIAAAAAgAC"
            + "AQIAAgECAAAACAEAAGYuADxmLhUEGVxIBnNjaGVtYRUEABUMJQAYA2tleSUATBwAAAA1ABgJZW1iZWRkaW5n"
            + "FQIVBkw8AAAANQQYBGxpc3QVAgAVDhUEFQAYB2VsZW1lbnRs/AAAABYEGRwZLCYAHBUMGSUABhkYA2tleRUA"
            + "FgQWRhZGJggAACYAHBUOGSUABhk4CWVtYmVkZGluZwRsaXN0B2VsZW1lbnQVABYIFlYWViZOAAAWnAEWBCYI"
            + "FpwBACgUc3dpZnQtY2xpcCB2ZXJzaW9uIDEAxQAAAFBBUjE=",
    ]

    @Test("A Parquet file has the bytes that pyarrow has read", arguments: [NumberType.f32, .f16])
    func parquet(_ numbers: NumberType) throws {
        try write(OutputFolder(path, settings: settings(.parquet, numbers)), shard())
        let file = try bytes("00000.parquet")
        #expect(file.prefix(4) == Array("PAR1".utf8)[...])
        #expect(file.suffix(4) == Array("PAR1".utf8)[...])
        #expect(Data(file).base64EncodedString() == golden[numbers])
    }

    @Test("Rows of Parquet are in groups of 25,000, and only the last has fewer")
    func rowGroups() throws {
        try write(OutputFolder(path, settings: settings(.parquet)), shard(), rows: 50_001)
        let file = try bytes("00000.parquet")
        let length = file.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let footer = Array(file.dropLast(8).suffix(length))
        // The number of rows of a group is its third field, a zigzag of seven bits a byte behind the type.
        func count(_ rows: Int) -> Int {
            var (text, rest) = ([UInt8(0x16)], rows << 1)
            while rest >= 0x80 {
                text.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            text.append(UInt8(rest))
            return (0..<footer.count - text.count).count { Array(footer[$0..<$0 + text.count]) == text }
        }
        #expect(count(25_000) >= 2)
        #expect(count(50_001) == 1)
    }

    @Test("A finished shard is known as such; nothing has its name before it is whole")
    func finished() throws {
        let output = try OutputFolder(path, settings: settings())
        #expect(try output.verdict(on: shard()) == .isToBeWritten)
        do {
            let writer = try output.writer(for: shard())
            try writer.append(key: "a", [1, 2])
            try writer.fail(key: "b", reason: "It is no picture.")
            withExtendedLifetime(writer) {
                #expect(names.count == 3)
                #expect(names.allSatisfy { $0.hasPrefix(".clip-") && $0.hasSuffix(".part") })
            }
        }
        // What was begun and given up leaves nothing.
        #expect(names == [])
        try write(output, shard(), failures: 1)
        #expect(try output.verdict(on: shard()) == .isFinished(embedded: 2, failed: 1, damage: nil))
        let before = try names.map { try bytes($0) }
        try write(output, shard(), failures: 1)
        #expect(try names.map { try bytes($0) } == before)
    }

    @Test("A shard with other settings, another list or another model stays, and is told")
    func others() throws {
        try write(OutputFolder(path, settings: settings()), shard())
        let record = "\(path)/00000.done.json"
        let given: [(String, OutputSettings)] = [
            ("precision", settings { $0 = .init(model: "tiny", precision: "bf16", sample: [0.6, 0.8]) }),
            ("model", settings { $0 = .init(model: "other", precision: "f32", sample: [0.6, 0.8]) }),
            (
                "model of that name",
                settings { $0 = .init(model: "tiny", precision: "f32", sample: [0.8, 0.6]) }
            ),
            (
                "width of embeddings",
                settings { $0 = .init(model: "tiny", precision: "f32", sample: [0.6, 0.8, 0]) }
            ),
            ("format", settings(.jsonl)), ("type of numbers", settings(.npy, .f16)),
            ("length of embeddings", settings { $0.isNormalized = true }),
            ("way of decoding", settings { $0.decoding = "fast" }),
            ("extension of pictures", settings { $0.pictureExtension = "png" }),
        ]
        for (what, settings) in given {
            let error = #expect(throws: OutputError.self) {
                try OutputFolder(path, settings: settings).verdict(on: shard())
            }
            guard case .otherSettings(record, what, _, _)? = error else {
                Issue.record("\(what): \(String(describing: error))")
                continue
            }
            let replacing = try OutputFolder(path, settings: settings, replacing: true)
            #expect(try replacing.verdict(on: shard()) == .isToBeWritten)
        }
        let output = try OutputFolder(path, settings: settings())
        for other in [shard(["a.jpg"]), shard(["a.jpg", "c.jpg"]), shard(["a.jpgb.jpg", ""])] {
            #expect(throws: OutputError.self) { try output.verdict(on: other) }
        }
        // What differs in the last digits of a processor is the same model.
        let near = settings { $0 = .init(model: "tiny", precision: "f32", sample: [0.60001, 0.79999]) }
        #expect(try OutputFolder(path, settings: near).verdict(on: shard()) != .isToBeWritten)
        for text in ["", "{}", "[1]", "{\"embedded\": 1"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: record))
            #expect(throws: OutputError.foreignRecord(path: record)) { try output.verdict(on: shard()) }
        }
    }

    @Test(
        "An archive that has changed is told; one that was damaged is read again; one that is gone is finished"
    )
    func archives() throws {
        let archive = try folder.write([UInt8](repeating: 0, count: 1024), to: "a.tar")
        let output = try OutputFolder(path, settings: settings())
        var writer = try output.writer(for: Shard(archive: archive))
        _ = try writer.finish()
        #expect(
            try output.verdict(on: Shard(archive: archive))
                == .isFinished(embedded: 0, failed: 0, damage: nil)
        )
        try FileManager.default.removeItem(atPath: archive)
        #expect(
            try output.verdict(on: Shard(archive: archive))
                == .isFinished(embedded: 0, failed: 0, damage: nil)
        )
        try folder.write([UInt8](repeating: 0, count: 2048), to: "a.tar")
        #expect(throws: OutputError.self) { try output.verdict(on: Shard(archive: archive)) }
        writer = try output.writer(for: Shard(archive: archive))
        _ = try writer.finish(damage: "It is cut.")
        let damaged = OutputFolder.Verdict.isFinished(embedded: 0, failed: 0, damage: "It is cut.")
        #expect(try output.verdict(on: Shard(archive: archive)) == damaged)
        try folder.write([UInt8](repeating: 0, count: 4096), to: "a.tar")
        #expect(try output.verdict(on: Shard(archive: archive)) == .isToBeWritten)
    }

    @Test("What a killed process has left is removed; what another process writes is not")
    func leftovers() throws {
        let first = try OutputFolder(path, settings: settings())
        let writer = try first.writer(for: shard())
        try writer.append(key: "a", [1, 2])
        let held = names
        #expect(held.count == 2)
        // A name has the shard's digest, and something of its own.
        let name = ".clip-\(held[0].split(separator: "-")[1])-0123.part"
        try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        let other = ".clip-0000000000000000-0123.part"
        try Data().write(to: URL(fileURLWithPath: "\(path)/\(other)"))
        let second = try OutputFolder(path, settings: settings())
        #expect(try second.verdict(on: shard()) == .isToBeWritten)
        #expect(Set(names) == Set(held + [other]))
        _ = try writer.finish()
        #expect(names == [other, "00000.done.json", "00000.keys.jsonl", "00000.npy"])
    }

    @Test("What has gone from a folder meanwhile is a failure as any other")
    func goneFiles() {
        let file = ListedFile(unreadable: "a.jpg", cause: SystemCause(code: ENOENT))
        #expect(file.fault == nil)
        #expect(file.trouble == "It cannot be read: No such file or directory.")
        #expect(Array(FileShards([file], size: 3)).map(\.isFaulty) == [false])
    }

    @Test("A folder that cannot be read ends a list, for every process alike")
    func brokenLists() throws {
        let files = (0..<7).map { ListedFile(path: "\($0)", bytes: 1) }
        let broken = ListedFile(unreadable: "below", cause: SystemCause(code: ESTALE))
        for index in 0..<2 {
            let own = try #require(ShardSelection("\(index)/2"))
            let shards = Array(FileShards(files + [broken] + files, size: 3, selection: own))
            #expect(shards.map(\.name) == ["0000\(index)", "00002"])
            #expect(shards.map(\.isFaulty) == [false, true])
        }
    }

    @Test("Two archives with one name are refused; names end before .tar")
    func shardNames() throws {
        let shards = try Shard.archives(["x/00001.tar", "00002.TAR", "c", "d/.tar", "e.tar.gz"])
        #expect(shards.map(\.name) == ["00001", "00002", "c", ".tar", "e.tar.gz"])
        #expect(throws: OutputError.sameOutput(name: "a", first: "x/a.tar", second: "y/a.tar")) {
            try Shard.archives(["x/a.tar", "b.tar", "y/a.tar"])
        }
    }

    @Test("Several processes take every shard once")
    func selection() throws {
        let files = (0..<23).map { ListedFile(path: "\($0)", bytes: 1) }
        var taken: [String: [ListedFile]] = [:]
        for index in 0..<3 {
            let own = try #require(ShardSelection("\(index)/3"))
            for shard in FileShards(files, size: 5, selection: own) {
                guard case .files(let files) = shard.content else { continue }
                #expect(taken.updateValue(files, forKey: shard.name) == nil)
            }
        }
        #expect(taken.sorted { $0.key < $1.key }.flatMap(\.value) == files)
        #expect(taken.keys.sorted() == ["00000", "00001", "00002", "00003", "00004"])
        for text in [
            "", "1", "3/3", "-1/3", "0/0", "a/3", "0/3/4", "1/", "/3", "+0/3", "0/99999999999999999999",
        ] {
            #expect(ShardSelection(text) == nil, "\(text)")
        }
    }

    @Test("A folder that cannot be made, and a file in its place, are told")
    func unusable() throws {
        let file = try folder.write("x", to: "file")
        for path in [file, "\(file)/below", ""] {
            #expect(throws: OutputError.self, "\(path)") { try OutputFolder(path, settings: settings()) }
        }
    }
}
