import CLIPBulk
import CLIPEngine
import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("Embedding shards")
struct BulkRunTests {
    private let folder: TemporaryDirectory
    private let engine: EmbeddingEngine

    private struct Enough: Error, Equatable {}

    init() throws {
        folder = try TemporaryDirectory()
        let model = ModelSource(name: "tiny", directory: "\(folder.path)/model")
        try TinyModel.quick.write(to: model.directory, .openCLIP)
        engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: 2))
    }

    private static let picture = Fixture.url("imaging/png-rgb.png").path

    /// What a run delivers, a word each.
    private func words(_ shards: [Shard], normalizing: Bool = false) async throws -> [String] {
        try await engine.start()
        defer { engine.shutdown() }
        var (words, rest) = ([String](), shards[...])
        let run = BulkRun(engine: engine, normalizing: normalizing)
        try await run.run({ rest.popFirst() }) { (delivery) throws(Enough) in
            switch delivery {
            case .begin(let shard): words.append("begin \(shard.name)")
            case .embedding(let key, let values):
                let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
                words.append("\(key) \(normalizing ? abs(length - 1) < 1e-5 : values.count > 1)")
            case .failure(let key, _): words.append("\(key) failed")
            case .end(let passedOver, let error):
                words.append("end \(passedOver) \(error.map { "\($0)" } ?? "whole")")
            }
        }
        return words
    }

    @Test("Results come in the shards' order, with what failed in its place")
    func order() async throws {
        let picture = try FileContents.read(Self.picture, limit: .max)
        var archive = MadeArchive()
        for number in 0..<150 {
            archive.file(
                "\(number).\(number % 50 == 7 ? "txt" : "png")",
                number % 10 == 3 ? [1, 2, 3] : picture
            )
        }
        archive.file("149.jpg", picture)
        let whole = try folder.write(archive.bytes, to: "whole.tar")
        let cut = try folder.write(Array(archive.bytes[..<1000]), to: "cut.tar")
        let files = [
            ListedFile(path: Self.picture, bytes: 1), ListedFile(path: "/nowhere.png", bytes: 0),
            ListedFile(path: "/closed", bytes: 0, trouble: "It cannot be read."),
        ]
        let shards = [
            Shard(archive: whole), Shard(archive: "/nowhere.tar"), Shard(files, number: 3),
            Shard([], number: 4),
            Shard(archive: cut),
        ]
        var expected = ["begin whole"]
        for number in 0..<150 {
            expected.append("\(number) \(number % 10 == 3 || number % 50 == 7 ? "failed" : "true")")
        }
        expected += [
            "end 1 whole", "begin nowhere",
            "end 0 \(ArchiveError.unreadable(cause: "No such file or directory"))", "begin 00003",
            "\(Self.picture) true", "/nowhere.png failed", "/closed failed", "end 0 whole", "begin 00004",
            "end 0 whole",
            "begin cut", "end 0 \(ArchiveError.cut(offset: 0))",
        ]
        #expect(try await words(shards, normalizing: true) == expected)
    }

    @Test("A thousand failures in a row are delivered, too")
    func failures() async throws {
        var archive = MadeArchive()
        for number in 0..<1000 { archive.file("\(number).txt", [1]) }
        let path = try folder.write(archive.bytes, to: "texts.tar")
        let words = try await words([Shard(archive: path), Shard(archive: path)])
        #expect(words.count == 2004)
        #expect(words.count { $0.hasSuffix("failed") } == 2000)
    }

    @Test("What the receiver throws ends the run")
    func receiver() async throws {
        try await engine.start()
        defer { engine.shutdown() }
        var files = [Shard((0..<100).map { _ in ListedFile(path: Self.picture, bytes: 1) }, number: 0)][...]
        var received = 0
        do throws(BulkRunError<Enough>) {
            try await BulkRun(engine: engine).run({ files.popFirst() }) { (_) throws(Enough) in
                received += 1
                if received == 5 { throw Enough() }
            }
            Issue.record("It went on.")
        } catch {
            guard case .receiver(Enough()) = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(received == 5)
    }

    @Test("A failure of the engine is no picture's")
    func engineFails() async throws {
        var shards = [Shard([ListedFile(path: Self.picture, bytes: 1)], number: 0)][...]
        try await engine.start()
        engine.shutdown()
        do throws(BulkRunError<Enough>) {
            try await BulkRun(engine: engine).run({ shards.popFirst() }) { (_) throws(Enough) in }
            Issue.record("It went on.")
        } catch {
            guard case .engine = error else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
