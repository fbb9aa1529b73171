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
            case .missing(let key, _): words.append("\(key) missing")
            case .fault(let key, let fault): words.append("\(key) \(fault.words)")
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
            "\(Self.picture) true", "/nowhere.png missing", "/closed failed", "end 0 whole", "begin 00004",
            "end 0 whole",
            "begin cut", "end 0 \(ArchiveError.cut(offset: 0))",
        ]
        #expect(try await words(shards, normalizing: true) == expected)
    }

    @Test(
        "A file that the system fails to read is no picture's failure; the rest of its list is left, the next shard is not"
    )
    func faults() async throws {
        // Reading a process' memory at 0, where nothing is, fails as a disk does.
        let broken = ListedFile(path: "/proc/self/mem", bytes: 1)
        let whole = ListedFile(path: Self.picture, bytes: 1)
        let missing = ListedFile(path: "/nowhere.png", bytes: 0)
        let shards = [
            Shard([missing, broken] + [ListedFile](repeating: missing, count: 1000), number: 0),
            Shard([ListedFile(unreadable: "/closed", cause: SystemCause(code: EACCES)), whole], number: 1),
            Shard([whole], number: 2), Shard(archive: "/proc/self/mem"), Shard([whole], number: 3),
        ]
        let words = try await words(shards)
        #expect(words.prefix(3) == ["begin 00000", "/nowhere.png missing", "/proc/self/mem unreadable"])
        // What was in hand already.
        #expect(words.count < 200)
        let rest = [
            "begin 00001", "/closed notPermitted", "end 0 whole", "begin 00002", "\(Self.picture) true",
            "end 0 whole", "begin mem", "end 0 \(ArchiveError.interrupted(cause: "Input/output error"))",
            "begin 00003", "\(Self.picture) true", "end 0 whole",
        ]
        #expect(Array(words.suffix(rest.count)) == rest)
    }

    @Test("The system's messages and the engine's errors are told apart by who is at fault")
    func whoIsAtFault() {
        let own = [
            ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, ENXIO,
        ]
        for code in own { #expect(ShardFault(SystemCause(code: code)) == nil, "\(code)") }
        #expect(ShardFault(SystemCause("Is no plain file")) == nil)
        #expect(ShardFault(SystemCause.wentAway) == .unreadable(cause: "Went away meanwhile"))
        let others = [EIO, ESTALE, ETIMEDOUT, ENOMEM, EMFILE, ENFILE, ENOTCONN, EHOSTDOWN, ENODEV]
        for cause in others.map(SystemCause.init(code:)) {
            #expect(ShardFault(cause) == .unreadable(cause: cause.description))
        }
        for cause in [EACCES, EPERM].map(SystemCause.init(code:)) {
            #expect(ShardFault(cause) == .notPermitted(cause: cause.description))
        }
        #expect(ShardFault(EmbeddingError.image(index: 0, .noMemory)) == .noMemory)
        let errors: [EmbeddingError] = [
            .image(index: 0, .undecodable(.payload)), .image(index: 0, .tooSlow(limit: .seconds(1))),
            .image(index: 0, .tooMuchMemory(bytes: 2, limit: 1)), .shuttingDown,
        ]
        for error in errors { #expect(ShardFault(error) == nil) }
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

extension ShardFault {
    /// Its case.
    fileprivate var words: String {
        switch self {
        case .unreadable: "unreadable"
        case .notPermitted: "notPermitted"
        case .noMemory: "noMemory"
        case .nothingThere: "nothingThere"
        }
    }
}
