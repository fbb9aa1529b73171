import CLIPBulk
import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("Which shards are finished")
struct FinishedShardTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private var path: String { "\(folder.path)/output" }
    private var names: [String] { (FileName.names(inFolder: path) ?? []).sorted() }

    private func output(
        _ format: OutputFormat = .npy,
        replacing: Bool = false,
        retrying: Bool = false
    ) throws -> OutputFolder {
        var settings = OutputSettings(model: "tiny", precision: "f32", sample: [0.6, 0.8])
        settings.format = format
        return try OutputFolder(path, settings: settings, replacing: replacing, retrying: retrying)
    }

    private func write(
        _ shard: Shard,
        to output: OutputFolder,
        failures: Int = 0,
        damage: String? = nil
    ) throws {
        let writer = try output.writer(for: shard)
        try writer.append(key: "a", [1, 2])
        for row in 0..<failures { try writer.fail(key: "bad \(row)", reason: "It is no picture.") }
        _ = try writer.finish(damage: damage)
    }

    private static func finished(failed: Int = 0, damage: String? = nil) -> OutputFolder.Verdict {
        .isFinished(embedded: 1, failed: failed, damage: damage)
    }

    @Test("Archives of one name and one size are told apart by their ends")
    func digests() throws {
        let (end, middle) = (1 << 16, 1 << 17)
        let size = 2 * end + middle
        func archive(_ place: Int, _ byte: UInt8) throws -> Shard {
            var bytes = [UInt8](repeating: 0, count: size)
            bytes[place] = byte
            let name = "\(place)-\(byte)"
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(name)",
                withIntermediateDirectories: true
            )
            return Shard(archive: try folder.write(bytes, to: "\(name)/a.tar"))
        }
        let output = try output()
        try write(try archive(0, 0), to: output)
        let record = try FileContents.read("\(path)/a.done.json", limit: .max)
        for place in [0, end - 1, size - end, size - 1] {
            let error = #expect(throws: OutputError.self) { try output.verdict(on: archive(place, 1)) }
            guard case .otherSettings(_, "content of its archive", _, _)? = error else {
                Issue.record("\(place): \(String(describing: error))")
                continue
            }
            #expect(try self.output(replacing: true).verdict(on: archive(place, 1)) == .isToBeWritten)
        }
        // The same bytes elsewhere are the same archive, with the same record.
        #expect(try output.verdict(on: archive(1, 0)) == Self.finished())
        #expect(try output.verdict(on: archive(size / 2, 1)) == Self.finished())
        try write(try archive(2, 0), to: output)
        #expect(try FileContents.read("\(path)/a.done.json", limit: .max) == record)
    }

    @Test("A record without a digest, as earlier versions wrote it, is taken at its size")
    func earlierRecords() throws {
        let shard = Shard(archive: try folder.write([UInt8](repeating: 7, count: 5000), to: "a.tar"))
        let output = try output()
        try write(shard, to: output)
        let file = URL(fileURLWithPath: "\(path)/a.done.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let old = text.replacing(#/"digest": "[0-9a-f]{16}", /#, with: "")
        #expect(old != text)
        try Data(old.utf8).write(to: file)
        #expect(try output.verdict(on: shard) == Self.finished())
        try folder.write([UInt8](repeating: 7, count: 5001), to: "a.tar")
        #expect(throws: OutputError.self) { try output.verdict(on: shard) }
    }

    @Test(
        "A damaged archive is read again once its file was written since, though nothing shows it, or when that is asked for"
    )
    func damaged() throws {
        let archive = try folder.write([UInt8](repeating: 7, count: 5000), to: "a.tar")
        let shard = Shard(archive: archive)
        let output = try output()
        try write(shard, to: output, damage: "It is damaged.")
        let damaged = Self.finished(damage: "It is damaged.")
        func recordIsWritten(_ seconds: TimeInterval) throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: seconds)],
                ofItemAtPath: "\(path)/a.done.json"
            )
        }
        try recordIsWritten(60)
        #expect(try output.verdict(on: shard) == damaged)
        #expect(try self.output(retrying: true).verdict(on: shard) == .isToBeWritten)
        // What a file says of the time that it was written at does not count.
        try recordIsWritten(-60)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 0)],
            ofItemAtPath: archive
        )
        #expect(try output.verdict(on: shard) == .isToBeWritten)
        try write(shard, to: output)
        try recordIsWritten(-60)
        #expect(try output.verdict(on: shard) == Self.finished())
    }

    @Test("Shards with failures are written anew where that is asked for, and only those")
    func retries() throws {
        let shards = (0..<2).map { Shard([ListedFile(path: "\($0).jpg", bytes: 1)], number: $0) }
        try write(shards[0], to: output(), failures: 1)
        try write(shards[1], to: output())
        for replacing in [false, true] {
            let output = try output(replacing: replacing)
            #expect(try output.verdict(on: shards[0]) == Self.finished(failed: 1))
        }
        let retrying = try output(retrying: true)
        #expect(try retrying.verdict(on: shards[0]) == .isToBeWritten)
        #expect(try retrying.verdict(on: shards[1]) == Self.finished())
        try write(shards[0], to: retrying)
        #expect(try retrying.verdict(on: shards[0]) == Self.finished())
        #expect(!names.contains("00000.failures.jsonl"))
        // Other settings stay other settings.
        #expect(throws: OutputError.self) {
            try self.output(.jsonl, retrying: true).verdict(on: shards[0])
        }
    }

    @Test("Archives of which one has a file of the other's name are refused, in one command and in two")
    func neighbours() throws {
        let pairs = [
            ("a.tar", "a.keys.tar", "a.keys.jsonl"), ("a.tar", "a.failures.tar", "a.failures.jsonl"),
            ("a.keys", "a.keys.keys", "a.keys.keys.jsonl"),
        ]
        for (one, other, file) in pairs {
            for paths in [[one, "x/b.tar", other], [other, "x/b.tar", one]] {
                #expect(throws: OutputError.sameOutput(name: file, first: paths[0], second: paths[2])) {
                    try Shard.archives(paths)
                }
            }
        }
        let apart = ["a.tar", "a.npy.tar", "a.done.tar", "a.jsonl.tar", "keys.tar", ".keys.tar", "akeys.tar"]
        #expect(try Shard.archives(apart).count == apart.count)
        for format in OutputFormat.allCases {
            let output = try output(format, replacing: true)
            try write(Shard(archive: "a.tar"), to: output)
            let before = names
            #expect(throws: OutputError.sameOutput(name: "a.keys.jsonl", first: "a", second: "a.keys")) {
                try output.verdict(on: Shard(archive: "a.keys.tar"))
            }
            #expect(names == before)
        }
        let other = try OutputFolder("\(folder.path)/other", settings: output().settings)
        try write(Shard(archive: "a.failures"), to: other)
        #expect(throws: OutputError.sameOutput(name: "a.failures.jsonl", first: "a.failures", second: "a")) {
            try other.verdict(on: Shard(archive: "a"))
        }
        #expect(try other.verdict(on: Shard(archive: "b")) == .isToBeWritten)
    }

    @Test("Files of another format go with the record that tells of them; others of such names stay")
    func othersFiles() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for name in ["a.parquet", "a.jsonl", "a.keys.jsonl"] {
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }
        let shard = Shard(archive: "a.tar")
        try write(shard, to: output())
        #expect(names == ["a.done.json", "a.jsonl", "a.keys.jsonl", "a.npy", "a.parquet"])
        try write(shard, to: output(.parquet, replacing: true))
        #expect(names == ["a.done.json", "a.jsonl", "a.parquet"])
        try write(shard, to: output(.npy, replacing: true))
        #expect(names == ["a.done.json", "a.jsonl", "a.keys.jsonl", "a.npy"])
    }

    @Test("A record that the system fails to read says nothing, and stays")
    func unreadableRecord() throws {
        let output = try output(replacing: true)
        let record = "\(path)/a.done.json"
        try FileManager.default.createSymbolicLink(
            atPath: record,
            withDestinationPath: "/proc/self/mem"
        )
        #expect(throws: OutputError.unreadable(path: record, cause: "Input/output error")) {
            try output.verdict(on: Shard(archive: "a.tar"))
        }
        #expect(names == ["a.done.json"])
    }
}
