#if os(Linux)
import CLIPFetching
import CLIPTestSupport
import Foundation
import Testing

@Suite("Resources", .timeLimit(.minutes(5)))
struct ResourceTests {
    // Each in a process of its own, which other tests leave alone.

    @Test("Thousands of failing fetches leave neither memory nor descriptors behind")
    func failing() async {
        await #expect(processExitsWith: .success) {
            let server = try ScriptedServer { connection in
                while let request = connection.readRequest() {
                    if request.hasPrefix("GET /silent") { return connection.waitForClose() }
                    if request.hasPrefix("GET /short") {
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                        return
                    }
                    connection.send(answer("404 Not Found", body: "none"))
                }
            }
            try await withFetcher(of: server) { fetcher in
                func fail(times: Int) async {
                    await withTaskGroup(of: Void.self) { group in
                        for index in 0..<times {
                            if index >= 32 { await group.next() }
                            group.addTask {
                                let fetch = Task { [index] in
                                    switch index % 5 {
                                    case 0: await outcome(of: fetcher, server.url())
                                    case 1: await outcome(of: fetcher, "http://10.0.0.1/")
                                    case 2: await outcome(of: fetcher, server.url("/short"))
                                    case 3: await outcome(of: fetcher, "http://127.0.0.1:1/")
                                    default: await outcome(of: fetcher, server.url("/silent"))
                                    }
                                }
                                if index % 5 == 4 {
                                    await Task.yield()
                                    fetch.cancel()
                                }
                                if case .success = await fetch.value {
                                    Issue.record("a failing fetch succeeded")
                                }
                            }
                        }
                    }
                }
                await fail(times: 1000)
                let (memory, descriptors) = (Process.residentBytes, Process.openDescriptors)
                await fail(times: 4000)
                // 4,000 leaked handles would be 20 MB and more.
                #expect(Process.residentBytes - memory < 8 << 20)
                try? await eventually { Process.openDescriptors - descriptors < 50 }
                #expect(Process.openDescriptors - descriptors < 50)
            }
        }
    }

    @Test("Fetchers that come and go leave nothing behind, shut down or not")
    func fetchers() async {
        await #expect(processExitsWith: .success) {
            let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
            defer { server.stop() }
            func run(times: Int) async throws {
                for index in 0..<times {
                    let fetcher = try ImageFetcher(
                        configuration: FetchingConfiguration(),
                        policy: .everyAddress
                    )
                    _ = try await fetcher.bytes(at: server.url())
                    if index % 2 == 0 { fetcher.shutdown() }
                }
            }
            try await run(times: 20)
            let (descriptors, threads) = (Process.openDescriptors, Process.threads)
            try await run(times: 200)
            // The server's threads of the last connections may still be ending.
            try? await eventually {
                Process.openDescriptors - descriptors < 20 && Process.threads - threads < 20
            }
            #expect(Process.openDescriptors - descriptors < 20)
            #expect(Process.threads - threads < 20)
        }
    }

    @Test("Without descriptors a fetcher says that it cannot work")
    func noDescriptors() async {
        await #expect(processExitsWith: .success) {
            #expect(throws: Never.self) { try ImageFetcher() }
            var limit = rlimit(rlim_cur: 3, rlim_max: 3)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            #expect(throws: FetchingError.transportUnavailable) { try ImageFetcher() }
        }
    }
}

extension Process {
    fileprivate static var residentBytes: Int {
        let fields =
            (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    fileprivate static var openDescriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    fileprivate static var threads: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    }
}
#endif
