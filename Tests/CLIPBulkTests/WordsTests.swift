import CLIPBulk
import CLIPTestSupport
import Testing

@Suite("The words of what goes wrong with shards")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let archives: KeyValuePairs<String, any Error> = [
            "unreadable": ArchiveError.unreadable(cause: "No such file or directory"),
            "interrupted": ArchiveError.interrupted(cause: "Stale file handle"),
            "notAnArchive": ArchiveError.notAnArchive,
            "packed": ArchiveError.packed(by: .gzip),
            "cut": ArchiveError.cut(offset: 512),
            "badHeader": ArchiveError.badHeader(offset: 512),
            "badNumber": ArchiveError.badNumber(offset: 512),
            "badRecords": ArchiveError.badRecords(offset: 512),
            "headerTooLong": ArchiveError.headerTooLong(offset: 512, limit: 4096),
        ]
        var file = "CLIPBulk/Archive/ArchiveError.swift"
        #expect(try Words.complaints(of: archives, type: "ArchiveError", in: file) == [])
        let outputs: KeyValuePairs<String, any Error> = [
            "unusable": OutputError.unusable(path: "out", cause: "Permission denied"),
            "unwritable": OutputError.unwritable(path: "out/a.npy", cause: "Input/output error"),
            "diskFull": OutputError.diskFull(path: "out/a.npy"),
            "unreadable": OutputError.unreadable(path: "out/a.done.json", cause: "Input/output error"),
            "sameOutput": OutputError.sameOutput(name: "a", first: "x/a.tar", second: "y/a.tar"),
            "otherSettings": OutputError.otherSettings(
                path: "out/a.done.json",
                setting: "precision",
                written: "f32",
                given: "bf16"
            ),
            "foreignRecord": OutputError.foreignRecord(path: "out/a.done.json"),
        ]
        file = "CLIPBulk/Output/OutputError.swift"
        #expect(try Words.complaints(of: outputs, type: "OutputError", in: file) == [])
        let faults: KeyValuePairs<String, any Error> = [
            "unreadable": ShardFault.unreadable(cause: "Input/output error"),
            "notPermitted": ShardFault.notPermitted(cause: "Permission denied"),
            "noMemory": ShardFault.noMemory,
            "nothingThere": ShardFault.nothingThere,
        ]
        file = "CLIPBulk/ShardFault.swift"
        #expect(try Words.complaints(of: faults, type: "ShardFault", in: file) == [])
        let patterns: KeyValuePairs<String, any Error> = [
            "tooMany": PatternError.tooMany(pattern: "{1..9}", limit: 8),
            "tooDeep": PatternError.tooDeep(pattern: "{{{", limit: 2),
        ]
        file = "CLIPBulk/PatternError.swift"
        #expect(try Words.complaints(of: patterns, type: "PatternError", in: file) == [])
    }
}
