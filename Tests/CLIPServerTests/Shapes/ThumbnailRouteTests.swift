import CLIPEngine
import CLIPFiles
import CLIPIndex
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Thumbnails over HTTP", .timeLimit(.minutes(3)))
struct ThumbnailRouteTests {
    private let folder: PictureFolder

    init() throws { folder = try PictureFolder() }

    private func serving<Value: Sendable>(
        _ body: (LiveServer) async throws -> Value
    ) async throws -> Value {
        try await LiveServer.with(pictures: { try await folder.search(by: $0) }, body)
    }

    private func file(_ place: Int) -> String { "\(folder.path)/\(PictureFolder.names[place])" }

    /// Puts something else in a picture's place, and says whether the answer is that it is not as it was.
    private func isRefused(_ server: LiveServer, after change: () throws -> Void) async throws -> Bool {
        #expect(try await server.request("GET", "/thumbnails/1").status == 200)
        try change()
        let answer = try await server.request("GET", "/thumbnails/1")
        #expect(answer.fields["etag"] == nil && !answer.text.contains(folder.path))
        return answer.status == 404 && answer.message?.hasPrefix("The picture's file is not there") == true
    }

    @Test("A thumbnail is a JPEG that only who may ask keeps, and that is asked for anew for nothing")
    func answer() async throws {
        try await serving { server in
            for id in 1...3 {
                let answer = try await server.request("GET", "/thumbnails/\(id)")
                #expect(answer.status == 200 && answer.body.starts(with: [0xFF, 0xD8, 0xFF]))
                #expect(answer.fields["content-type"] == "image/jpeg")
                #expect(answer.fields["cache-control"] == "private, no-cache")
                #expect(answer.fields["x-content-type-options"] == "nosniff")
                #expect(answer.fields["cross-origin-resource-policy"] == "same-origin")
                let tag = try #require(answer.fields["etag"])
                let kept = try await server.request(
                    "GET",
                    "/thumbnails/\(id)",
                    fields: [("If-None-Match", tag)]
                )
                #expect(kept.status == 304 && kept.body.isEmpty && kept.fields["etag"] == tag)
                let other = try await server.request(
                    "GET",
                    "/thumbnails/\(id)",
                    fields: [("If-None-Match", "\"0\"")]
                )
                #expect(other.body == answer.body)
                let head = try await server.request("HEAD", "/thumbnails/\(id)")
                #expect(head.status == 200 && head.fields["content-length"] == "\(answer.body.count)")
            }
        }
    }

    @Test(
        "What is no number of a picture is none, and no path is ever opened",
        arguments: [
            "../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd",
            "1/../2",
            "0", "01", "-1", "+1", "1.0", "1e0", "0x1", "4", "1%00", "%31%20", "%EF%BC%91",
            "999999999999999999",
            "9999999999999999999", "99999999999999999999999999999999", "{id}", "1.jpg", "%ff", "a",
            String(repeating: "1", count: 4000),
        ]
    )
    func numbers(path: String) async throws {
        try await serving { server in
            let answer = try await server.request("GET", "/thumbnails/\(path)")
            #expect(answer.status == 404, "\(answer.text)")
            #expect(!answer.text.contains("root:") && answer.fields["content-type"] == "application/json")
        }
    }

    @Test("A file that was written anew is not shown, though its size and time are the same")
    func rewritten() async throws {
        try await serving { server in
            let attributes = try FileManager.default.attributesOfItem(atPath: file(0))
            let status = try #require(IndexFile.Look(at: file(0)))
            var bytes = try Fixture.bytes("imaging/\(PictureFolder.names[0])")
            bytes[bytes.count / 2] ^= 1
            let isRefused = try await isRefused(server) {
                try Data(bytes).write(to: URL(fileURLWithPath: file(0)))
                // To the nanosecond, as whoever hides something would.
                var times = [
                    timespec(
                        tv_sec: status.modified / 1_000_000_000,
                        tv_nsec: status.modified % 1_000_000_000
                    ),
                    timespec(
                        tv_sec: status.modified / 1_000_000_000,
                        tv_nsec: status.modified % 1_000_000_000
                    ),
                ]
                #expect(utimensat(AT_FDCWD, file(0), &times, 0) == 0)
            }
            #expect(isRefused && attributes[.size] as? Int == bytes.count)
            #expect(IndexFile.Look(at: file(0)) == status)
        }
    }

    @Test("A file that is gone is not shown, and one that came back is")
    func gone() async throws {
        try await serving { server in
            let isRefused = try await isRefused(server) {
                try FileManager.default.moveItem(atPath: file(0), toPath: file(0) + ".aside")
            }
            #expect(isRefused)
            try FileManager.default.moveItem(atPath: file(0) + ".aside", toPath: file(0))
            #expect(try await server.request("GET", "/thumbnails/1").status == 200)
        }
    }

    @Test(
        "Links to other files, pipes, devices and folders in a picture's place are not shown, and hold up nobody"
    )
    func replaced() async throws {
        try await serving { server in
            func put(_ make: @escaping () throws -> Void) async throws {
                let aside = file(0) + ".aside"
                let isRefused = try await isRefused(server) {
                    try FileManager.default.moveItem(atPath: file(0), toPath: aside)
                    try make()
                }
                #expect(isRefused)
                try FileManager.default.removeItem(atPath: file(0))
                try FileManager.default.moveItem(atPath: aside, toPath: file(0))
            }
            for target in ["/etc/passwd", "/dev/zero", "/proc/self/mem", file(1)] {
                try await put {
                    try FileManager.default.createSymbolicLink(atPath: file(0), withDestinationPath: target)
                }
            }
            try await put { #expect(mkfifo(file(0), 0o600) == 0) }
            try await put {
                try FileManager.default.createDirectory(atPath: file(0), withIntermediateDirectories: false)
            }
            // A link to the very picture shows nothing that is not indexed.
            let aside = file(0) + ".aside"
            try FileManager.default.moveItem(atPath: file(0), toPath: aside)
            try FileManager.default.createSymbolicLink(atPath: file(0), withDestinationPath: aside)
            #expect(try await server.request("GET", "/thumbnails/1").status == 200)
        }
    }

    @Test("A picture beyond limits that were lowered since is told of as that, and the log says why")
    func beyondLimits() async throws {
        let log = LogLines()
        let index = folder
        try await LiveServer.with { server in try await index.update(by: server.engine) }
        try await LiveServer.with(
            engine: { $0.maxImagePixels = 16 },
            log: log,
            pictures: { try PictureSearch(FollowedIndex(index.index, threads: 1), by: $0, threads: 1) }
        ) { server in
            let answer = try await server.request("GET", "/thumbnails/1")
            #expect(answer.status == 404)
            #expect(
                answer.message
                    == "The picture's file cannot be shown within this server's limits. Its log says why."
            )
            #expect(log.all.contains { $0.whole.contains("--max-image-pixels") })
        }
    }

    @Test("Two hundred at four a time are all answered, and the memory for them is given back")
    func many() async throws {
        try await serving { server in
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var statuses: [Int] = []
                        for number in 0..<50 {
                            statuses.append(
                                try await server.request("GET", "/thumbnails/\(number % 3 + 1)").status
                            )
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(statuses == [Int](repeating: 200, count: 200))
            try await eventually { server.engine.statistics.bytesInHand == 0 }
        }
    }
}
