import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("Bytes of files")
struct FileContentsTests {
    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-file-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(bytes).write(to: url)
        try body(url.path)
    }

    @Test("A file is read whole, or one byte beyond its limit")
    func limit() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try withFile(bytes) { path throws in
            #expect(try FileContents.read(path, limit: .max) == bytes)
            #expect(try FileContents.read(path, limit: 200_000) == bytes)
            #expect(try FileContents.read(path, limit: 70_000) == Array(bytes.prefix(70_001)))
        }
    }

    @Test("A line that does not end is not read on")
    func lines() throws {
        let line = [UInt8](repeating: 0x61, count: 70_000)
        try withFile(line + [0x0A] + line + [0x0D] + line) { path throws in
            #expect(try FileContents.read(path, limit: .max, longestLine: 140_000).count == 210_002)
        }
        try withFile(line + line) { path throws in
            #expect(throws: FileError.endlessLine(.file, limit: 70_000)) {
                try FileContents.read(path, limit: .max, longestLine: 70_000)
            }
        }
    }

    @Test("What was put in a plain file's place is neither waited for nor read", .timeLimit(.minutes(1)))
    func plain() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try withFile(bytes) { path throws in
            #expect(try FileContents.readPlain(path, limit: .max, followingLinks: false) == bytes)
            #expect(
                try FileContents.readPlain(path, limit: 70_000, followingLinks: false)
                    == Array(bytes.prefix(70_001))
            )
            let (link, pipe) = ("\(path).link", "\(path).pipe")
            defer { for file in [link, pipe] { try? FileManager.default.removeItem(atPath: file) } }
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(try FileContents.readPlain(link, limit: .max, followingLinks: true) == bytes)
            #expect(throws: FileError.unreadable(.file, cause: SystemCause("Is a link"))) {
                try FileContents.readPlain(link, limit: .max, followingLinks: false)
            }
            for file in [pipe, "/", "/dev/null"] {
                #expect(throws: FileError.unreadable(.file, cause: SystemCause("Is no plain file"))) {
                    try FileContents.readPlain(file, limit: .max, followingLinks: true)
                }
            }
        }
    }

    @Test("What is not there or is a folder is refused with the system's cause")
    func refusals() throws {
        #expect(throws: FileError.unreadable(.file, cause: SystemCause(code: ENOENT))) {
            try FileContents.read("/nowhere/at/all", limit: 1)
        }
        #expect(throws: FileError.unreadable(.file, cause: SystemCause(code: EISDIR))) {
            try FileContents.read("/", limit: 1)
        }
    }

    @Test("Every error is a sentence with what it is about; those that leave a question say what to do")
    func words() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "unreadable": FileError.unreadable(.standardInput, cause: SystemCause(code: EIO)),
            "endlessLine": FileError.endlessLine(.file, limit: 9),
            "notAsMarked": FileError.notAsMarked(name: "words.txt", encoding: "UTF-16"),
            "zeroBytes": FileError.zeroBytes(name: "words.txt"),
            "notUTF8": FileError.notUTF8(name: "words.txt", line: 3),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "FileError",
            in: "CLIPFiles/FileError.swift",
            // The system's cause, the limit and the mark are what has to be mended.
            nothingToDo: ["unreadable", "endlessLine", "notAsMarked"]
        )
        #expect(complaints == [])
    }
}
