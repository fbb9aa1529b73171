import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("clip embed with folders, archives and files of output")
struct EmbedFilesTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/pictures/below",
            withIntermediateDirectories: true
        )
        let picture = try FileContents.read(Fixture.url("imaging/png-rgb.png").path, limit: .max)
        for name in ["b.png", "below/a.PNG", ".hidden.png", "note.txt"] {
            try folder.write(picture, to: "pictures/\(name)")
        }
        try folder.write("no picture", to: "pictures/bad.jpg")
    }

    private func run(_ arguments: String...) async throws -> Command.Outcome {
        try await Command.start(["embed", "--packed-cache", "none"] + arguments).outcome()
    }

    private var output: String { "\(folder.path)/output" }
    private var names: [String] { (FileName.names(inFolder: output) ?? []).sorted() }

    private func text(_ name: String) throws -> String {
        String(decoding: try FileContents.read("\(output)/\(name)", limit: .max), as: UTF8.self)
    }

    @Test("A folder stands for its pictures, on standard output as in files, with the same numbers")
    func folders() async throws {
        let pictures = "\(folder.path)/pictures"
        let printed = try await run(pictures, "--exclude", "bad.jpg")
        #expect(printed.errors == "")
        #expect(printed.status == 0)
        #expect(printed.lines.count == 2)
        #expect(printed.lines.first?.hasPrefix("{\"image\":\"\(pictures)/b.png\",\"embedding\":[") == true)
        let bad = try await run(pictures)
        #expect(bad.status == 1)
        #expect(bad.lines.count == 2)
        let written = try await run(pictures, "--output", output, "--format", "jsonl")
        #expect(written.errors == "")
        #expect(written.status == 0)
        #expect(written.output.hasPrefix("1 shards written: 2 embeddings"))
        #expect(names == ["00000.done.json", "00000.failures.jsonl", "00000.jsonl"])
        let lines = try text("00000.jsonl").split(separator: "\n").map {
            String($0.replacing("{\"key\":", with: "{\"image\":"))
        }
        #expect(lines == printed.lines)
        #expect(try text("00000.failures.jsonl").contains("bad.jpg"))
        let again = try await run(pictures, "--output", output, "--format", "jsonl")
        #expect(again.output.contains("0 shards written: 0 embeddings"))
        #expect(again.output.contains("1 shards were finished before"))
        let other = try await run(pictures, "--output", output, "--format", "npy")
        #expect(other.status == 78)
        #expect(other.errors.contains("another format"))
        #expect(names == ["00000.done.json", "00000.failures.jsonl", "00000.jsonl"])
        let replaced = try await run(
            pictures,
            "--output",
            output,
            "--format",
            "npy",
            "--numbers",
            "f16",
            "--replace"
        )
        #expect(replaced.status == 0)
        #expect(names == ["00000.done.json", "00000.failures.jsonl", "00000.keys.jsonl", "00000.npy"])
    }

    @Test("A list gives its pictures, and is cut into shards of which each process takes its own")
    func lists() async throws {
        let list = try folder.write(
            ["b.png", "below/a.PNG", "bad.jpg"].map { "\(folder.path)/pictures/\($0)\u{0}" }.joined(),
            to: "list"
        )
        for index in 0..<2 {
            let outcome = try await run(
                "--files-from",
                list,
                "-0",
                "--output",
                output,
                "--shard-size",
                "1",
                "--shard-index",
                "\(index)/2"
            )
            #expect(outcome.status == 0)
            #expect(outcome.errors == "")
        }
        #expect(names.filter { $0.hasSuffix(".npy") } == ["00000.npy", "00001.npy", "00002.npy"])
        #expect(try text("00001.keys.jsonl") == "\"\(folder.path)/pictures/below/a.PNG\"\n")
        #expect(try text("00002.keys.jsonl") == "")
    }

    @Test("Archives are shards; a damaged one keeps what came before, and one that is missing stops nobody")
    func archives() async throws {
        let pictures = "\(folder.path)/pictures"
        let tar = { (name: String) in
            try await Command.shell(
                "cd \"$1\" && tar cf \"$2\" b.png below/a.PNG",
                pictures,
                "\(folder.path)/\(name)"
            )
        }
        #expect(try await tar("0.tar").status == 0)
        let whole = try FileContents.read("\(folder.path)/0.tar", limit: .max)
        try folder.write(Array(whole[..<(whole.count / 4)]), to: "2.tar")
        let outcome = try await run("--shards", "\(folder.path)/{0..2}.tar", "--output", output)
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("1.tar: The archive cannot be read: No such file or directory."))
        #expect(outcome.errors.contains("2.tar: The archive ends in the middle"))
        #expect(try text("0.keys.jsonl") == "\"b\"\n\"below/a\"\n")
        #expect(names.filter { $0.hasSuffix(".done.json") } == ["0.done.json", "2.done.json"])
        let printed = try await run("--shards", "\(folder.path)/0.tar")
        #expect(printed.lines.map { $0.prefix(20) }.first == "{\"image\":\"b\",\"embedd")
        #expect(printed.lines.count == 2)
    }

    @Test("A dot before the extension of pictures changes nothing")
    func extensionWithDot() async throws {
        let outcome = try await Command.shell(
            "cd \"$1\" && tar cf \"$2\" b.png below/a.PNG",
            "\(folder.path)/pictures",
            "\(folder.path)/0.tar"
        )
        #expect(outcome.status == 0)
        let archive = "\(folder.path)/0.tar"
        let dotted = try await run("--shards", archive, "--output", output, "--image-extension", ".PNG")
        #expect(dotted.output.hasPrefix("1 shards written: 2 embeddings"))
        let plain = try await run("--shards", archive, "--output", output, "--image-extension", "png")
        #expect(plain.errors == "")
        #expect(plain.status == 0)
        #expect(plain.output.contains("1 shards were finished before"))
    }

    @Test(
        "What the system fails to read leaves its shard for the next run; what is not there is a failure that can be retried"
    )
    func faults() async throws {
        let files = FileManager.default
        let (later, broken) = ("\(folder.path)/later.png", "\(folder.path)/broken.png")
        // Reading a process' memory at 0, where nothing is, fails as a disk does.
        try files.createSymbolicLink(atPath: broken, withDestinationPath: "/proc/self/mem")
        let picture = "\(folder.path)/pictures/b.png"
        let list = try folder.write(
            [picture, later, broken, picture, picture].joined(separator: "\n"),
            to: "list"
        )
        func embed(_ more: String...) async throws -> Command.Outcome {
            let arguments = ["--files-from", list, "--output", output, "--shard-size", "2"]
            return try await Command.start(["embed", "--packed-cache", "none"] + arguments + more).outcome()
        }
        let first = try await embed()
        #expect(first.status == 75)
        #expect(first.lines.count == 1)
        #expect(first.output.hasPrefix("2 shards written: 2 embeddings"))
        #expect(first.errors.contains("00001: \(broken): It cannot be read: Input/output error."))
        #expect(first.errors.split(separator: "\n").count == 1)
        #expect(
            names.filter { !$0.hasSuffix("json") && !$0.hasSuffix("jsonl") } == ["00000.npy", "00002.npy"]
        )
        #expect(names.contains("00000.failures.jsonl"))
        // The disk is there again.
        try files.removeItem(atPath: broken)
        for path in [broken, later] { try files.copyItem(atPath: picture, toPath: path) }
        let second = try await embed()
        #expect(second.status == 0)
        #expect(second.errors == "")
        #expect(second.output.hasPrefix("1 shards written: 2 embeddings"))
        #expect(try text("00000.keys.jsonl") == "\"\(picture)\"\n")
        let third = try await embed("--retry")
        #expect(third.status == 0)
        #expect(third.output.hasPrefix("1 shards written: 2 embeddings"))
        #expect(third.output.contains("2 shards were finished before"))
        #expect(try text("00000.keys.jsonl") == "\"\(picture)\"\n\"\(later)\"\n")
        #expect(!names.contains("00000.failures.jsonl"))
    }

    @Test(
        "A list of which nothing is there is not finished, and an archive that the system fails to read is tried again"
    )
    func nothingThere() async throws {
        let list = try folder.write(
            "/nowhere/a.png\n/nowhere/b.png\n\(folder.path)/pictures/b.png",
            to: "list"
        )
        let outcome = try await run("--files-from", list, "--output", output, "--shard-size", "2")
        #expect(outcome.status == 66)
        #expect(outcome.output.hasPrefix("1 shards written: 1 embeddings"))
        #expect(outcome.output.contains("0 failures"))
        #expect(outcome.errors.hasPrefix("00000: Of its files there is not one."))
        #expect(names == ["00001.done.json", "00001.keys.jsonl", "00001.npy"])
        let archives = try await run("--shards", "/proc/self/mem", "/nowhere.tar", "--output", "\(output)2")
        #expect(archives.status == 75)
        #expect(archives.errors.contains("/proc/self/mem: The archive cannot be read at the moment"))
    }

    @Test(
        "What does not belong together is wrong usage, before a model is loaded",
        arguments: [
            ["--shards", "a.tar", "--files-from", "-"], ["a.png", "--format", "npy"],
            ["a.png", "--shard-index", "0/1"],
            ["--shards", "a.tar", "--text", "x"], ["-", "--output", "x"],
            ["a.png", "--image-extension", "jpg"],
            ["a", "--output", "x", "--format", "csv"],
            ["a", "--output", "x", "--numbers", "f16", "--format", "jsonl"],
            ["--shards", "a.tar", "--output", "x", "--shard-size", "9"], ["a", "--retry"],
            ["--shards", "a.tar", "--image-extension", "."],
            ["--shards", "a.tar", "--image-extension", "a/jpg"],
            ["--shards", "a.tar", "--exclude", "x"], ["--shards", "a.tar", "a.keys.tar", "--output", "x"],
            ["a", "--output", "x", "--shard-index", "3/3"], ["a", "--output", "x", "--shard-size", "0"],
            ["--shards", "{1..9999999}", "--output", "x"], ["--shards", "a.tar", "b/a.tar", "--output", "x"],
            [],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        let outcome = try await Command.start(["embed"] + arguments).outcome()
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.errors != "")
    }

    @Test("A name that leads to nothing is told before any work, and an empty folder has an empty end")
    func nothing() async throws {
        #expect(try await run("/nowhere", "--output", output).status == 66)
        #expect(names == [])
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/empty",
            withIntermediateDirectories: true
        )
        #expect(try await run("\(folder.path)/empty").status == 65)
        let outcome = try await run("\(folder.path)/empty", "--output", output)
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("0 shards written"))
    }
}
