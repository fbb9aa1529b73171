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
