import CLIPTestSupport
import Foundation
import Testing

@Suite("clip index", .timeLimit(.minutes(5)))
struct IndexCommandTests {
    @Test("What is gone is forgotten with --prune, and the index gets smaller")
    func prune() async throws {
        let folder = try IndexFolder()
        for number in 0..<1400 {
            try folder.put("\(number % 7)/\(number).bmp", number, side: 4 + 4 * (number / 256))
        }
        #expect(try await folder.clip("index", folder.pictures).status == 0)
        for number in 0..<6 {
            try FileManager.default.removeItem(atPath: "\(folder.pictures)/\(number)")
        }
        let outcome = try await folder.clip("index", folder.pictures, "--prune")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("1200 gone"))
        #expect(outcome.output.contains("1200 files that are gone were forgotten."))
        #expect(outcome.output.contains(/\d{4} vectors were taken out; the index is \d{4,} bytes smaller\./))
        let kept = try await folder.clip(
            "search",
            "--like",
            "\(folder.pictures)/6/1399.bmp",
            "--json",
            "--top",
            "9"
        )
        #expect(kept.lines.count == 9 && kept.lines.allSatisfy { $0.contains("pictures/6/") })
        #expect(try await folder.clip("index", folder.pictures).output.contains("200 as before"))
    }

    #if os(Linux)
    @Test("--watch goes on with what changes, and ends cleanly when it is told to")
    func watch() async throws {
        let folder = try IndexFolder()
        let first = try folder.put("a.bmp", 1)
        let running = try Command.start(["index", "--index", folder.index, folder.pictures, "--watch"])
        try await eventually { running.errors.contains("Watching 1 folder.") }
        try folder.put("b.bmp", 2)
        try await eventually {
            try await folder.clip("search", "--like", first, "--json").output.contains("b.bmp")
        }
        running.process.terminate()
        let outcome = await running.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.count == 2 && outcome.lines.allSatisfy { $0.hasPrefix("1 new") })
    }
    #endif

    @Test("--watch is for folders")
    func wrong() async throws {
        let folder = try IndexFolder()
        for arguments in [["--watch", "--prune"], ["--watch", folder.pictures, "--files-from", "-"]] {
            let outcome = try await Command.start(["index", "--index", folder.index] + arguments).outcome()
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("--watch is for folders"))
        }
    }
}
