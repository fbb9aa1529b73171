import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing
import clip

@Suite("clip search --html", .timeLimit(.minutes(5)))
struct ContactSheetTests {
    @Test("The page has a thumbnail, a score and an address for each picture, and nothing that runs or loads")
    func page() async throws {
        let folder = try IndexFolder()
        let odd = try folder.put("a<b>&\"c\" 'd' %20#?.bmp", 1, side: 300)
        for number in 2..<9 { try folder.put("\(number).bmp", number) }
        try folder.put("copy.bmp", 3)
        #expect(try await folder.clip("index", folder.pictures).status == 0)
        try FileManager.default.removeItem(atPath: "\(folder.pictures)/8.bmp")
        let sheet = "\(folder.folder.path)/sheet.html"
        try "old".write(toFile: sheet, atomically: true, encoding: .utf8)
        let outcome = try await folder.clip("search", "<script>alert(1)</script>", "--html", sheet)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "8 pictures in \(sheet)\n")
        #expect(outcome.errors.contains("8.bmp"))
        let page = try String(contentsOfFile: sheet, encoding: .utf8)
        #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
        #expect(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)"))
        #expect(page.contains("default-src 'none'"))
        #expect(!page.contains("http://") && !page.contains("https://"))
        #expect(page.contains("a&lt;b&gt;&amp;&quot;c&quot; &#39;d&#39; %20#?.bmp"))
        #expect(page.contains("\"file://\(folder.pictures)/a%3Cb%3E%26%22c%22%20%27d%27%20%2520%23%3F.bmp\""))
        #expect(page.contains("(and 1 copies)") && page.contains("no picture"))
        let pictures = page.matches(of: /src="data:image\/jpeg;base64,([A-Za-z0-9+\/=]+)"/).compactMap {
            Data(base64Encoded: String($0.1))
        }
        #expect(pictures.count == 7)
        #expect(
            pictures.allSatisfy {
                $0.starts(with: [0xFF, 0xD8, 0xFF]) && $0.suffix(2) == Data([0xFF, 0xD9])
            }
        )
        #expect(odd.contains("%20#?"))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.folder.path)
        #expect(
            Set(left).isSubset(of: [
                "index", "index.lock", "index-wal", "index-shm", "pictures", "sheet.html",
            ])
        )
    }

    @Test("What an earlier run has left under a name with the same process's number is in nobody's way")
    func left() async throws {
        let folder = try IndexFolder()
        try folder.put("1.bmp", 1)
        #expect(try await folder.clip("index", folder.pictures).status == 0)
        let sheet = "\(folder.folder.path)/sheet.html"
        // In a container every run can have the same number.
        let outcome = try await Command.shell(
            #"touch "$2.new-$$" && exec "$0" search --index "$1" one --html "$2""#,
            folder.index,
            sheet
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "1 pictures in \(sheet)\n")
    }

    @Test("A file is there as a whole or not at all, and nothing is beside it when it is given up")
    func whole() throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/page.html"
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
        func write(_ text: String, finishing: Bool) throws {
            let file = try OutputFile(path)
            try file.write(text)
            #if os(Linux)
            let unnamed = open(folder.path, O_WRONLY | 0o20000000 | O_DIRECTORY, 0o600)
            if unnamed >= 0 {
                // A kill at this moment leaves nothing.
                #expect(try names().allSatisfy { $0 == "page.html" })
                close(unnamed)
            }
            #endif
            if finishing { try file.finish() }
        }
        try write("one", finishing: false)
        #expect(try names() == [])
        for text in ["two", "three"] {
            try write(text, finishing: true)
            #expect(try names() == ["page.html"])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
        try write("four", finishing: false)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "three")
    }

    @Test("Several queries have a heading each, and what cannot be written is told")
    func several() async throws {
        let folder = try IndexFolder()
        for number in 0..<3 { try folder.put("\(number).bmp", number) }
        #expect(try await folder.clip("index", folder.pictures).status == 0)
        let sheet = "\(folder.folder.path)/sheet.html"
        let arguments = ["search", "--index", folder.index, "-", "--top", "2", "--html"]
        let outcome = try await Command.start(arguments + [sheet], input: Array("one\n고양이\n".utf8)).outcome()
        #expect(outcome.output == "4 pictures in \(sheet)\n")
        let page = try String(contentsOfFile: sheet, encoding: .utf8)
        #expect(page.contains("<h1><bdi>one</bdi></h1>") && page.contains("<h1><bdi>고양이</bdi></h1>"))
        let none = try await folder.clip("search", "one", "--html", "\(folder.folder.path)/none/sheet.html")
        #expect(none.status == 73 && none.errors.contains("cannot be made"))
        #expect(try await folder.clip("search", "one", "--html", folder.pictures).status == 73)
        #expect(try await folder.clip("search", "one", "--html", sheet, "--json").status == 64)
    }

    @Test("Addresses have the bytes of paths, and names that are no text are shown")
    func addresses() {
        let path = FileName.text(of: Array("/p/".utf8) + [0xFF] + Array("é.jpg".utf8))
        #expect(ContactSheet.url(ofFile: path) == "file:///p/%FF%C3%A9.jpg")
        let item = ContactSheet.item(path: path, score: 0.25, copies: 0, thumbnail: nil)
        #expect(item.contains("<bdi>/p/\\xFFé.jpg</bdi>") && item.contains("<b>0.2500</b>"))
        #expect(ContactSheet.heading("a\u{1B}[31m\u{0}").contains("a\u{FFFD}[31m\u{FFFD}"))
    }
}
