import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("A hostile zip archive")
struct HostileZipTests {
    private typealias Entry = ArchiveBytes.Entry

    private let directory: TemporaryDirectory
    private let pickle = ArchiveBytes.dictionary(["visual.a": ArchiveBytes.tensor()])

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var path: String { "\(directory.path)/a.pt" }

    private func refusal(_ bytes: [UInt8]) throws -> WeightError? {
        let path = try directory.write(bytes, to: "a.pt")
        do throws(WeightError) {
            _ = try CheckpointConversion(source: path, directory: "\(directory.path)/out", replacing: true)
            return nil
        } catch {
            return error
        }
    }

    /// Why an archive is refused whose storage has been changed.
    private func refusal(count: Int? = nil, _ change: (inout Entry) -> Void) throws -> WeightError? {
        var storage = Entry(name: "a/data/0", content: Array(0..<24))
        change(&storage)
        let bytes = ArchiveBytes.zip([Entry(name: "a/data.pkl", content: pickle), storage], count: count)
        return try refusal(bytes)
    }

    private func expect(
        _ reason: String,
        count: Int? = nil,
        _ location: SourceLocation = #_sourceLocation,
        _ change: (inout Entry) -> Void = { _ in }
    ) throws {
        let error = WeightError.damagedArchive(file: path, reason: reason)
        #expect(try refusal(count: count, change) == error, sourceLocation: location)
    }

    @Test("An honest one is read, a comment behind it too")
    func honest() throws {
        #expect(try refusal { _ in } == nil)
        let entries = [
            Entry(name: "a/data.pkl", content: pickle), Entry(name: "a/data/0", content: Array(0..<24)),
        ]
        #expect(try refusal(ArchiveBytes.zip(entries, comment: Array("PK\u{5}\u{6} a comment".utf8))) == nil)
        #expect(try refusal(ArchiveBytes.zip(Array(entries.reversed()))) == nil)
    }

    @Test("Headers that say something else than the directory are refused")
    func contradictions() throws {
        try expect("the entry 'a/data/0' is another one by its own header") { $0.ownName = "a/data/1" }
        try expect("the entry 'a/data/0' has another length by its own header") { $0.ownLength = 23 }
        try expect("the entry 'a/data/0' reaches beyond the data") {
            $0.length = 1 << 20
            $0.ownLength = 1 << 20
        }
        try expect("the entry 'a/data/0' begins behind the data") { $0.offset = 1 << 30 }
        try expect("the entry 'a/data/0' is another one by its own header") { $0.offset = 0 }
        try expect("the entry 'a/data/0' has no header where the directory places it") { $0.offset = 1 }
        try expect("entry 2 is encrypted") { $0.flags = 1 }
        try expect("entry 2 lacks its length") { $0.length = 0xFFFF_FFFF }
        try expect("its directory has more than 1 entries", count: 1)
        try expect("entry 3 is not in its directory", count: 3)
    }

    @Test("A length that stands behind the data is the directory's")
    func lengthBehind() throws {
        let found = try refusal {
            $0.flags = 8
            $0.ownLength = 0
        }
        #expect(found == nil)
    }

    @Test("No two entries have a name or bytes in common")
    func shared() throws {
        let storage = Entry(name: "a/data/0", content: Array(0..<24))
        var other = storage
        let first = Entry(name: "a/data.pkl", content: pickle)
        #expect(
            try refusal(ArchiveBytes.zip([first, storage, storage]))
                == .damagedArchive(file: path, reason: "it has 'a/data/0' twice")
        )
        // An archive within an entry, whose entry is listed, too.
        let inner = ArchiveBytes.zip([Entry(name: "a/data/1", content: Array(0..<24))])
        let begin = 30 + 10 + pickle.count
        other.content = inner
        let listed = Entry(name: "a/data/1", content: Array(0..<24), offset: begin + 30 + 8)
        guard case .damagedArchive(_, let reason)? = try refusal(ArchiveBytes.zip([first, other, listed]))
        else {
            Issue.record("It is not refused")
            return
        }
        #expect(reason.hasPrefix("two entries share the bytes from"))
    }

    @Test("Entries that are needed are neither compressed nor damaged")
    func unreadable() throws {
        #expect(try refusal { $0.method = 8 } == .compressedEntry(entry: "a/data/0", file: path))
        #expect(try refusal { $0.checksum = 1 } == .wrongChecksum(entry: "a/data/0", file: path))
        // What is not needed may be compressed, as the code of a JIT archive is.
        #expect(
            try refusal {
                $0.name = "a/code/m.py"
                $0.method = 8
            } == .missingEntry(entry: "a/data/0", file: path)
        )
    }

    @Test("Names from a file cannot forge a line of a log")
    func names() throws {
        let found = try #require(
            try refusal { $0 = Entry(name: "a/\u{1B}[2J\n", content: [1], ownName: "b") }
        )
        #expect(!found.description.contains { $0 == "\u{1B}" || $0.isNewline })
    }

    @Test("What is no archive of PyTorch is told apart")
    func others() throws {
        #expect(try refusal(Array("a text that is long enough".utf8)) == .notATorchFile(file: path))
        #expect(try refusal([]) == .notATorchFile(file: path))
        var tar = [UInt8](repeating: 0, count: 512)
        tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
        #expect(try refusal(tar) == .tarArchive(file: path))
        let other = ArchiveBytes.zip([Entry(name: "word/document.xml", content: [1])])
        #expect(try refusal(other) == .missingEntry(entry: "word/data.pkl", file: path))
    }
}
