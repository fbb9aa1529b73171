import CLIPHub
import Synchronization
import Testing
import clip

@Suite("The progress bar")
struct ProgressTests {
    private let bar = ProgressBar(total: 10_000, unit: "images")

    @Test("The bar shows count, percent, rate and the time that is left")
    func figures() {
        #expect(
            bar.text(done: 2500, seconds: 100, columns: 100)
                == "[#######-----------------------] 2500 of 10000  25 %  25.0 images/s  5:00 left"
        )
        #expect(bar.text(done: 10, seconds: 10, columns: 100).hasSuffix("2:46:30 left"))
        #expect(bar.text(done: 10_000, seconds: 10, columns: 100).hasSuffix("100 %  1000.0 images/s"))
    }

    @Test("No terminal has to break the line", arguments: [1, 10, 40, 60, 80, 200])
    func columns(columns: Int) {
        for done in [0, 1, 9999, 10_000] {
            let text = bar.text(done: done, seconds: 1, columns: columns)
            #expect(text.count <= columns - 1)
            #expect(columns < 80 || text.hasPrefix("["))
        }
        #expect(
            ProgressBar(total: 0, unit: "images").text(done: 0, seconds: 0, columns: 80).contains("100 %")
        )
    }
}

@Suite("How long an update will still take")
struct UpdateForecastTests {
    /// What is told at the end of some seconds, each of which has so many files that were read, and others.
    private func left(
        total: Int,
        known: Int?,
        _ seconds: [(worked: Int, asBefore: Int)]
    ) -> Double? {
        var forecast = UpdateForecast(total: total, known: known)
        var (worked, asBefore) = (0, 0)
        for (second, passed) in seconds.enumerated() {
            worked += passed.worked
            asBefore += passed.asBefore
            forecast.note(worked: worked, asBefore: asBefore, seconds: Double(second + 1))
        }
        return forecast.secondsLeft.map { ($0 * 1000).rounded() / 1000 }
    }

    private func seconds(_ count: Int, worked: Int, asBefore: Int) -> [(worked: Int, asBefore: Int)] {
        Array(repeating: (worked, asBefore), count: count)
    }

    @Test("A first run takes as long for each of the rest; at its very beginning nothing is said")
    func first() {
        #expect(left(total: 1000, known: 0, seconds(1, worked: 10, asBefore: 0)) == nil)
        #expect(left(total: 1000, known: 0, seconds(10, worked: 10, asBefore: 0)) == 90)
        #expect(left(total: 1000, known: nil, seconds(10, worked: 10, asBefore: 0)) == 90)
    }

    @Test("Files that are as before are not taken for new ones, and new ones not for these")
    func mixed() {
        // 100,000 are known, of which half are gone through at 10,000 a second; 500 are new, at the end.
        let known = seconds(5, worked: 0, asBefore: 10_000)
        #expect(left(total: 100_500, known: 100_000, known) == nil)
        #expect(left(total: 100_000, known: 100_000, known) == 5)
        // The new ones come first.
        let new = seconds(10, worked: 10, asBefore: 0)
        #expect(left(total: 100_500, known: 100_000, new) == 40)
        #expect(left(total: 100_500, known: 100_000, new + known) == 45)
    }

    @Test("If more are new than the index lacks, as after a move, the rest is expected to be so, too")
    func moved() {
        #expect(left(total: 10_000, known: 10_000, seconds(10, worked: 100, asBefore: 0)) == 90)
    }

    @Test("What is slow counts while it lasts, and what was long ago less")
    func pace() throws {
        let stuck = seconds(10, worked: 10, asBefore: 0) + seconds(10, worked: 0, asBefore: 0)
        #expect(left(total: 200, known: 0, stuck) == 20)
        let slower = try #require(
            left(
                total: 2000,
                known: 0,
                seconds(60, worked: 10, asBefore: 0) + seconds(600, worked: 1, asBefore: 0)
            )
        )
        #expect(slower > 700 && slower < 900)
    }
}

@Suite("The line of a download")
struct DownloadLineTests {
    private func drawn(isShown: Bool) throws -> (lines: [String], drawn: [String]) {
        let lines = Mutex<[String]>([])
        let drawings = Mutex<[String]>([])
        let line = DownloadLine(
            name: "mini",
            isShown: isShown,
            say: { text in lines.withLock { $0.append(text) } },
            draw: { text in drawings.withLock { $0.append(text) } }
        )
        line.show(
            .began(
                try HubRequest("acme/mini"),
                commit: String(repeating: "a", count: 40),
                totalBytes: 50_000_000,
                presentBytes: 0
            )
        )
        line.show(.progress(bytes: 10_000_000))
        line.show(.progress(bytes: 20_000_000))
        line.clear()
        return (lines.withLock { $0 }, drawings.withLock { $0 })
    }

    @Test("A person sees the first progress at once, and no more than ten times a second")
    func person() throws {
        let (lines, drawn) = try drawn(isShown: true)
        #expect(lines == ["mini: fetching acme/mini at aaaaaaa, 50 MB"])
        #expect(drawn.first?.contains("mini: 10 of 50 MB") == true)
        #expect(drawn.last == "\r\u{1B}[K")
    }

    @Test("A log has a line now and then")
    func log() throws {
        let (lines, drawn) = try drawn(isShown: false)
        #expect(lines.count == 1 && drawn.isEmpty)
    }
}
