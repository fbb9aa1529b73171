import CLIPTestSupport
import Foundation
import Testing
import clip

@Suite("The environment", .timeLimit(.minutes(5)))
struct EnvironmentTests {
    /// Starts a server with those variables until it listens, and returns what it said.
    private func start(_ environment: [String: String], _ arguments: String...) async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-variables-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try TinyModel.quick.write(to: folder.appendingPathComponent("tiny").path)
        let running = try Command.start(
            ["serve", "--model", folder.appendingPathComponent("tiny").path] + arguments,
            environment: environment
        )
        let deadline = ContinuousClock.now + .seconds(120)
        while running.process.isRunning, ContinuousClock.now < deadline {
            if running.errors.contains("listening on") {
                running.process.terminate()
                return await running.outcome().errors
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Command.NotListening(errors: running.errors)
    }

    private func refusal(_ environment: [String: String], _ arguments: String...) async throws -> String {
        let outcome = try await Command.start(["serve"] + arguments, environment: environment).outcome()
        #expect(outcome.status != 0)
        return outcome.sentences
    }

    @Test("What Kubernetes makes of a service called clip stops nothing, and the log tells")
    func kubernetes() async throws {
        let log = try await start([
            "CLIP_PORT": "tcp://10.96.12.34:9001", "CLIP_SERVICE_HOST": "10.96.12.34",
            "CLIP_SERVICE_PORT": "9001",
            "CLIP_SERVICE_PORT_HTTP": "9001", "CLIP_PORT_9001_TCP": "tcp://10.96.12.34:9001",
            "CLIP_PORT_9001_TCP_ADDR": "10.96.12.34", "CLIP_PORT_9001_TCP_PORT": "9001",
            "CLIP_PORT_9001_TCP_PROTO": "tcp", "CLIP_MODEL_PORT": "tcp://10.96.12.35:80",
            "CLIP_HOST_PORT": "tcp://10.96.12.36:80", "CLIP_HEALTH_PORT": "udp://10.96.12.37:80", "PORT": "0",
        ])
        #expect(log.contains("CLIP_PORT='tcp://10.96.12.34:9001' is what Kubernetes or Docker makes"))
        #expect(log.contains("listening on http://127.0.0.1:"))
    }

    @Test(
        "Names that others use are passed over where they mean nothing here, with the name that is ours",
        arguments: [
            ["HOST": "x86_64-conda-linux-gnu", "PORT": "0"], ["HOST": "192.0.2.1", "PORT": "0"],
            ["LOG_LEVEL": "loud", "PORT": "0"], ["PORT": "http", "CLIP_PORT": "0"],
            ["HOST": "not a host", "CLIP_PORT": "0"],
        ]
    )
    func generic(variables: [String: String]) async throws {
        let log = try await start(variables)
        #expect(log.contains("listening on http://127.0.0.1:"))
        for name in ["HOST", "LOG_LEVEL"] where variables[name] != nil {
            #expect(log.contains("\(name)='\(variables[name] ?? "")'"))
            #expect(log.contains("CLIP_\(name)"))
        }
    }

    @Test("The machine's own name, which some shells put into HOST, is no setting")
    func ownName() async throws {
        let name = ProcessInfo.processInfo.hostName
        guard !HostName.isAddress(name) else { return }
        let log = try await start(["HOST": name, "PORT": "0"])
        #expect(log.contains("listening on http://127.0.0.1:"))
        #expect(log.contains("HOST='\(name)' is no address of this machine, and is passed over; CLIP_HOST"))
    }

    @Test("Only addresses and localhost are taken from a variable that is not ours")
    func addressesOnly() {
        for host in ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost", "LOCALHOST", "192.0.2.1"] {
            #expect(HostName.isAddress(host), "\(host)")
        }
        for host in ["build-7", "a.example", "0", "127.1", "", "x86_64-conda-linux-gnu", "localhost."] {
            #expect(!HostName.isAddress(host), "\(host)")
        }
    }

    @Test("A budget beyond the machine's memory is warned of")
    func budget() async throws {
        let log = try await start(["PORT": "0"], "--memory-budget", "900000GB")
        #expect(log.contains("warning") && log.contains("--memory-budget is more than"), "\(log)")
        let small = try await start(["PORT": "0"], "--memory-budget", "64MB")
        #expect(!small.contains("--memory-budget is more"))
    }

    @Test(
        "The levels of other programs' logs are understood, in any case",
        arguments: [
            "WARN", "Warning", "FATAL", "NOTSET", "10", "40", "CRIT", "err", "VERBOSE", "50", "trace",
        ]
    )
    func levels(level: String) async throws {
        let log = try await start(["LOG_LEVEL": level, "PORT": "0"])
        #expect(!log.contains("LOG_LEVEL"))
        #expect(!(try await start(["CLIP_LOG_LEVEL": level, "PORT": "0"])).contains("LOG_LEVEL"))
    }

    @Test(
        "Names that are ours alone stay strict",
        arguments: [
            ["CLIP_PORT": "http"], ["CLIP_PORT": "65536"], ["CLIP_HOST": "192.0.2.1"],
            ["CLIP_HOST": "no-such-host.invalid"], ["CLIP_HOST": "tcp://10.96.12.34:9001"],
            ["CLIP_LOG_LEVEL": "loud"],
            ["CLIP_THREADS": "tcp://10.96.12.34:9001"], ["CLIP_ALLOW_URLS": "maybe"],
        ]
    )
    func strict(variables: [String: String]) async throws {
        let errors = try await refusal(variables.merging(["PORT": "0"]) { given, _ in given })
        let name = try #require(variables.keys.first)
        #expect(errors.contains(name), "\(errors)")
        #expect(Words.faults(of: errors.trimmingCharacters(in: .whitespacesAndNewlines)) == [], "\(errors)")
    }

    @Test("A port that is taken, and an address of another machine, are told in a sentence")
    func addresses() async throws {
        let (running, port) = try await Command.serving([])
        defer { running.process.terminate() }
        let taken = try await refusal([:], "--port", "\(port)")
        #expect(taken.contains("Port \(port) of '127.0.0.1' is taken"))
        let health = try await refusal([:], "--health-port", "\(port)", "--port", "0", "--max-batch", "0")
        #expect(
            health.contains("is taken by another process; --health-port or CLIP_HEALTH_PORT takes another")
        )
        #expect(health.contains("--max-batch must be"))
        let same = try await refusal([:], "--health-port", "\(port)", "--port", "\(port)")
        #expect(same.contains("--health-port must be another than --port"))
        let foreign = try await refusal([:], "--host", "192.0.2.1", "--port", "0")
        #expect(foreign.contains("'192.0.2.1' is no address of this machine"))
    }
}
