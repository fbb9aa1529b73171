import CLIPTestSupport
import Foundation
import Testing
import clip

@Suite("How many files a server may open", .timeLimit(.minutes(5)))
struct DescriptorLimitTests {
    @Test("What is kept grows with event loops, fetches and the health port")
    func reserve() {
        #expect(DescriptorLimit.reserve(eventLoops: 2, fetchPlaces: 32, connectionsBeside: 0) == 134)
        #expect(DescriptorLimit.reserve(eventLoops: 3, fetchPlaces: 32, connectionsBeside: 32) == 169)
        #expect(DescriptorLimit.reserve(eventLoops: 64, fetchPlaces: 1024, connectionsBeside: 32) == 2336)
    }

    @Test(
        "Connections get what is left, and too few are none",
        arguments: [
            (1024, 100_000, 134, 1024), (1024, 1024, 134, 890), (16, 1024, 134, 16), (1024, 150, 134, 16),
            (1024, 149, 134, nil), (1024, 100, 134, nil), (1024, 1024, 2336, nil),
        ] as [(Int, Int, Int, Int?)]
    )
    func connections(wanted: Int, limit: Int, reserve: Int, expected: Int?) {
        #expect(DescriptorLimit.connections(wanted: wanted, under: limit, keeping: reserve) == expected)
    }

    private func start(limit: Int, _ arguments: String) throws -> Running {
        try Command.start(
            ["-c", "ulimit -n \(limit); exec \"$0\" serve --port 0 \(arguments)", Command.executable.path],
            executable: URL(fileURLWithPath: "/bin/sh")
        )
    }

    @Test("A server that could not open what it needs does not start")
    func refused() async throws {
        for arguments in ["--fetch-places 1000", "--fetch-places 1000 --health-port 0"] {
            let outcome = try await start(limit: 1024, arguments).outcome()
            #expect(outcome.status == 78)
            #expect(outcome.errors.contains("lets this process open 1024 files"), "\(outcome.errors)")
            #expect(outcome.errors.contains("1000 of --fetch-places"), "\(outcome.errors)")
        }
    }

    @Test("A server under a low limit takes fewer connections, and says how many")
    func lowered() async throws {
        let running = try start(limit: 1024, "--fetch-places 300")
        let deadline = ContinuousClock.now + .seconds(120)
        while running.process.isRunning, ContinuousClock.now < deadline,
            !running.errors.contains("listening on")
        {
            try await Task.sleep(for: .milliseconds(5))
        }
        running.process.terminate()
        let errors = await running.outcome().errors
        let match = try #require(errors.firstMatch(of: /at most (\d+) connections, not 1024/), "\(errors)")
        // Three for each event loop, and there is one for each core.
        let loops = ProcessInfo.processInfo.activeProcessorCount
        #expect(Int(match.1) == 1024 - 64 - 600 - 3 * loops, "\(errors)")
    }
}
