import ArgumentParser
internal import CLIPEngine
internal import CLIPIndex
internal import CLIPServer
internal import Foundation

/// `clip benchmark search`: how long an exact search through made-up vectors takes, beside reading them.
struct SearchBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract:
            "Time exact search through made-up vectors, beside reading them and comparing all; one JSON object."
    )

    @Option(help: "Vectors.")
    var count = 1_000_000

    @Option(help: "Numbers of a vector.")
    var width = 512

    @Option(help: "Threads that share a search; by default one a core.")
    var threads = MachineProcessors.current.threads

    @Option(help: "Queries that are compared with all vectors in f32, of which the best ten are to be found.")
    var compared = 32

    @Option(help: "How often each is timed.")
    var runs = 15

    func validate() throws {
        for (name, value, most) in [
            ("--count", count, 1 << 30), ("--width", width, 1 << 14), ("--threads", threads, 1024),
            ("--runs", runs, 10_000),
        ] where !(1...most).contains(value) {
            throw ValidationError("\(name) must be from 1 to \(most), not \(value).")
        }
        if compared < 0 { throw ValidationError("--compared must be at least 0, not \(compared).") }
    }

    func run() throws {
        do {
            let trial = try ScanTrial(count: count, width: width, threads: threads)
            let memory = resident
            let queries = (0..<32).map(trial.query)
            var number = 0
            let one = median {
                number += 1
                _ = trial.search([queries[number % 32]], top: 10)
            }
            let many = median { _ = trial.search(queries, top: 10) }
            let more = resident - memory
            var sum: UInt64 = 0
            let reading = median { sum &+= trial.readAll() }
            let asked = (0..<compared).map { trial.query($0 + 1000) }
            let (found, right) = (trial.search(asked, top: 10), trial.compared(asked, top: 10))
            let hits = zip(found, right).reduce(0) { $0 + Set($1.0).intersection($1.1).count }
            let all = right.reduce(0) { $0 + $1.count }
            try Terminal.write(
                line: "{\"count\":\(count),\"width\":\(width),\"threads\":\(threads),"
                    + String(
                        format: "\"one_ms\":%.2f,\"thirty_two_ms\":%.1f,\"reading_ms\":%.2f,",
                        one,
                        many,
                        reading
                    )
                    + String(format: "\"bytes_per_second\":%.3g,", Double(trial.byteCount) / reading * 1e3)
                    + String(format: "\"part_of_bandwidth\":%.3f,", reading / one)
                    + String(
                        format: "\"recall_at_10\":%.5f,\"recalled\":%d,",
                        all > 0 ? Double(hits) / Double(all) : 1,
                        all
                    )
                    + "\"memory_of_searches_bytes\":\(more),\"checksum\":\(sum % 997)}"
            )
        } catch let error as IndexError {
            throw CommandFailure(error)
        }
    }

    /// Bytes of memory that the process has; 0 where the system does not say.
    private var resident: Int { ProcessFigures.now()?.residentBytes ?? 0 }

    /// Milliseconds.
    private func median(_ body: () -> Void) -> Double {
        body()
        var times = (0..<runs).map { _ in
            let start = ContinuousClock.now
            body()
            return (ContinuousClock.now - start) / .milliseconds(1)
        }
        times.sort()
        return times[times.count / 2]
    }
}
