import CLIPTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("One writer of an index, and those who search meanwhile", .timeLimit(.minutes(5)))
struct IndexWritersTests {
    #if os(Linux)
    @Test("A second clip index is told that one is watching, and what was killed is in nobody's way")
    func second() async throws {
        let folder = try IndexFolder()
        let first = try folder.put("a.bmp", 1)
        let running = try Command.start(["index", "--index", folder.index, folder.pictures, "--watch"])
        try await eventually { running.errors.contains("Watching 1 folder.") }
        try folder.put("b.bmp", 2)
        for arguments in [[folder.pictures], ["--prune"]] {
            let outcome = try await Command.start(["index", "--index", folder.index] + arguments).outcome()
            #expect(outcome.status == 75)
            #expect(outcome.errors.contains("it may be `clip index --watch`"), "\(outcome.errors)")
        }
        #expect(try await folder.clip("search", "--like", first, "--json").status == 0)
        kill(running.process.processIdentifier, SIGKILL)
        _ = await running.outcome()
        let last = try await folder.clip("index", folder.pictures)
        #expect(last.status == 0, "\(last.errors)")
    }
    #endif

    @Test("A server sees what one clip index after another writes")
    func served() async throws {
        let folder = try IndexFolder()
        try folder.put("0.bmp", 0)
        #expect(try await folder.clip("index", folder.pictures).status == 0)
        let (running, port) = try await Command.serving(["--index", folder.index])
        for number in 1..<4 {
            try folder.put("\(number).bmp", number)
            #expect(try await folder.clip("index", folder.pictures).status == 0)
            let url = try #require(URL(string: "http://127.0.0.1:\(port)/search"))
            var request = URLRequest(url: url)
            request.httpMethod = "POST"
            request.httpBody = Data(#"{"text":"a"}"#.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            let (data, _) = try await URLSession.shared.data(for: request)
            let text = String(decoding: data, as: UTF8.self)
            #expect(text.contains(#""searched":\#(number + 1),"#), "\(text)")
        }
        running.process.terminate()
        #expect(await running.outcome().status == 0)
    }
}
