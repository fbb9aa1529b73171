import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex
internal import CLIPServer
internal import Foundation

/// `clip benchmark search`: how long an exact search through made-up vectors takes, beside reading them.
struct SearchBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract:
            "Time exact search through made-up vectors, beside reading them and comparing all; one JSON object.",
        discussion: """
            With --commands it reads lines from standard input, so that a script can alternate between this and other programs. \
            'queries COUNT' is answered with the milliseconds of a search for so many queries together, 'best COUNT' with the best \
            ten rows for each. Queries are the first rows of --queries, in turn.
            """
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

    @Option(help: "Vectors that are all compared with each other; 0 for none.")
    var pairs = 0

    @Option(
        help: ArgumentHelp(
            "Vectors to search instead of made-up ones: 32-bit floats, least byte first, and nothing else.",
            valueName: "file"
        )
    )
    var vectors: String?

    @Option(help: ArgumentHelp("Queries in a file of the same kind.", valueName: "file"))
    var queries: String?

    @Flag(help: "Answer commands on standard input.")
    var commands = false

    func validate() throws {
        for (name, value, most) in [
            ("--count", count, 1 << 30), ("--width", width, 1 << 14), ("--threads", threads, 1024),
            ("--runs", runs, 10_000),
        ] where !(1...most).contains(value) {
            throw ValidationError("\(name) must be from 1 to \(most), not \(value).")
        }
        if pairs < 0 { throw ValidationError("--pairs must be at least 0, not \(pairs).") }
        if commands, queries == nil { throw ValidationError("--commands needs --queries.") }
        if compared < 0 { throw ValidationError("--compared must be at least 0, not \(compared).") }
    }

    func run() throws {
        do {
            let trial = try ScanTrial(
                count: count,
                width: width,
                threads: threads,
                try vectors.map { try source($0, count: count) } ?? ScanTrial.madeUp(width: width)
            )
            if commands, let queries {
                return try answerCommands(trial, try source(queries, count: 1))
            }
            let query: @Sendable (Int) -> [Float] = ScanTrial.madeUp(width: width)
            let memory = resident
            let queries = (0..<32).map { query(-1 - $0) }
            let many = median { _ = trial.search(queries, top: 10) }
            let (one, reading, ahead, sum) = timesOfOne(trial, queries)
            let more = resident - memory
            let asked = (0..<compared).map { query(-1001 - $0) }
            let (found, right) = (trial.search(asked, top: 10), trial.compared(asked, top: 10))
            let hits = zip(found, right).reduce(0) { $0 + Set($1.0).intersection($1.1).count }
            let all = right.reduce(0) { $0 + $1.count }
            let start = ContinuousClock.now
            let groups = trial.groups(of: pairs, minScore: 0.9)
            let pairing = (ContinuousClock.now - start) / .seconds(1)
            var line = "{\"count\":\(count),\"width\":\(width),\"threads\":\(threads),"
            line += String(format: "\"one_ms\":%.2f,\"thirty_two_ms\":%.1f,", one, many)
            line += String(format: "\"reading_ms\":%.2f,\"reading_ahead\":%ld,", reading, ahead)
            line += String(format: "\"bytes_per_second\":%.3g,", Double(trial.byteCount) / reading * 1e3)
            line += String(format: "\"part_of_bandwidth\":%.3f,", reading / one)
            line += String(format: "\"recall_at_10\":%.5f,", all > 0 ? Double(hits) / Double(all) : 1)
            line += "\"recalled\":\(all),\"pairs_of\":\(min(pairs, count)),\"groups\":\(groups.count),"
            line += String(format: "\"pairs_seconds\":%.2f,", pairing)
            line += "\"memory_of_searches_bytes\":\(more),\"checksum\":\(sum % 997)}"
            try Terminal.write(line: line)
        } catch let error as IndexError {
            throw CommandFailure(error)
        }
    }

    /// The vectors of a file, each by its number.
    private func source(_ file: String, count: Int) throws -> @Sendable (Int) -> [Float] {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe) else {
            throw CommandFailure("\(file.printable) cannot be read.", status: .missingInput)
        }
        let width = self.width
        let bytes = 4 * width
        guard data.count >= count * bytes, data.count % bytes == 0 else {
            throw CommandFailure(
                "\(file.printable) has no \(count) rows of \(width) floats. Give --count and --width.",
                status: .unusableInput
            )
        }
        let rows = data.count / bytes
        return { number in
            data.withUnsafeBytes { data in
                (0..<width).map { place in
                    Float(
                        bitPattern: UInt32(
                            littleEndian: data.loadUnaligned(
                                fromByteOffset: number % rows * bytes + 4 * place,
                                as: UInt32.self
                            )
                        )
                    )
                }
            }
        }
    }

    private func answerCommands(_ trial: ScanTrial, _ query: @Sendable (Int) -> [Float]) throws {
        var next = 0
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard words.count == 2, let asked = Int(words[1]), (1...4096).contains(asked) else {
                throw CommandFailure(
                    "'\(line.printable)' is neither 'queries COUNT' nor 'best COUNT'. Send one of them.",
                    status: .unusableInput
                )
            }
            if words[0] == "best" {
                let found = trial.search((0..<asked).map(query), top: 10)
                try Terminal.write(line: "\(found)")
                continue
            }
            let queries = (next..<next + asked).map(query)
            next += asked
            let start = ContinuousClock.now
            _ = trial.search(queries, top: 10)
            let time = (ContinuousClock.now - start) / .milliseconds(1)
            try Terminal.write(line: String(format: "%.4f", time))
        }
    }

    /// Bytes of memory that the process has; 0 where the system does not say.
    private var resident: Int { ProcessFigures.now()?.residentBytes ?? 0 }

    /// Bytes ahead of what is read, of which the quickest is taken.
    private static let distances = [0, 1024, 2048, 4096, 8192]

    /// The time of one query, and that of the quickest reading of the same bytes by as many threads: by turns, since other programs may be
    /// in the way of both.
    private func timesOfOne(
        _ trial: ScanTrial,
        _ queries: [[Float]]
    ) -> (one: Double, reading: Double, ahead: Int, sum: UInt64) {
        var sum: UInt64 = 0
        var (ones, readings) = ([Double](), [Int: [Double]]())
        for run in 0..<runs {
            ones.append(milliseconds { _ = trial.search([queries[run % queries.count]], top: 10) })
            for ahead in Self.distances {
                readings[ahead, default: []].append(milliseconds { sum &+= trial.readAll(ahead: ahead) })
            }
        }
        let medians = readings.mapValues(middle)
        let ahead = Self.distances.min { medians[$0, default: 0] < medians[$1, default: 0] } ?? 0
        return (middle(ones), medians[ahead, default: 0], ahead, sum)
    }

    private func median(_ body: () -> Void) -> Double {
        body()
        return middle((0..<runs).map { _ in milliseconds(body) })
    }

    private func milliseconds(_ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        return (ContinuousClock.now - start) / .milliseconds(1)
    }

    private func middle(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
