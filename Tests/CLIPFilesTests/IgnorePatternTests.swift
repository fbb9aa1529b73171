import CLIPFiles
import Foundation
import Testing

@Suite("Patterns of what is passed over")
struct IgnorePatternTests {
    private static let paths = [
        "a", "a/", "b.jpg", "a/b.jpg", "a/b/c.jpg", "a/b/", "foo/bar", "foo/bar/", "x/foo/bar", "foo/x/bar",
        "foo/x/y/bar", ".hidden",
        "a[1].jpg", "a*b", "aXb", "a b", "trailing ", "#hash", "!bang", "cache1.png", "cacheA.png",
        "deep/cache1.png", "ä.jpg", "a\\b", "]x",
        "build/", "src/build/", "src/build/x.jpg", "foo", "foo/", "d-e", "d9e",
    ]
    private static let patterns = [
        "a", "a/", "/a", "*.jpg", "/*.jpg", "a/*.jpg", "a/**", "**/b", "**/bar", "foo/**/bar", "foo/bar",
        "/foo/bar", "foo/*", "**/foo/bar",
        "**", "*", "?", "a?b", "a[[]1].jpg", "a\\*b", "a b", "trailing ", "trailing\\ ", "\\#hash", "#hash",
        "\\!bang", "cache[0-9].png",
        "cache[!0-9].png", "cache[^0-9].png", "[]]x", "[a-", "a[", "ä.jpg", "?.jpg", "??.jpg", "a\\\\b",
        "build/", "/build/", "**/build/**",
        "d[-9]e", "d[9-]e", "**foo", "foo**", "a//b", "/", "",
    ]

    /// Git decides.
    @Test("Every pattern fits what Git says that it fits")
    func git() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-ignore-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func git(_ arguments: [String], input: String = "") throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
            process.arguments = ["-C", folder.path] + arguments
            let (inward, outward) = (Pipe(), Pipe())
            (process.standardInput, process.standardOutput) = (inward, outward)
            try process.run()
            try inward.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try inward.fileHandleForWriting.close()
            let output = outward.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: output, as: UTF8.self)
        }
        _ = try git(["init", "-q"])
        let exclude = folder.appendingPathComponent(".git/info/exclude")
        for line in Self.patterns {
            try Data((line + "\n").utf8).write(to: exclude)
            let told = try git(
                ["check-ignore", "--no-index", "--stdin", "-z"],
                input: Self.paths.joined(separator: "\0")
            )
            let expected = Set(told.split(separator: "\0").map(String.init))
            let pattern = IgnorePattern(line.utf8)
            for path in Self.paths {
                let isFolder = path.hasSuffix("/")
                // Asked about `a/` with its slash, Git says that `a/**` fits it; it fits what is inside.
                if isFolder, line.hasSuffix("/**") || line.hasSuffix("/*") { continue }
                let parts = path.split(separator: "/").map { Array($0.utf8) }
                // What is below a folder that is passed over is never looked at.
                let fits = (1...parts.count).contains { count in
                    pattern?.fits(parts[..<count], isFolder: count < parts.count || isFolder) ?? false
                }
                #expect(fits == expected.contains(path), "'\(line)' and '\(path)'")
            }
        }
    }
}
