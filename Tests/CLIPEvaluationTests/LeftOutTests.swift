import CLIPEvaluation
import Testing

@Suite("What an evaluation leaves out")
struct LeftOutTests {
    @Test("The first twenty that are left out are named, the others counted")
    func leftOut() throws {
        var leftOut = LeftOut()
        for number in 1...20 {
            let line = leftOut.add(LeftOut.Item("\(number).jpg", because: "It is damaged."))
            #expect(line?.description == "\(number).jpg: left out. It is damaged.")
        }
        #expect(leftOut.remainder == nil)
        #expect(leftOut.add(LeftOut.Item("21.jpg", because: "It is damaged."), counting: 5) == nil)
        #expect(leftOut.remainder?.description == "1 more was left out.")
        #expect(leftOut.count == 25)
    }

    @Test("No name commands the terminal")
    func controls() {
        var leftOut = LeftOut()
        let line = leftOut.add(LeftOut.Item("a\u{1B}[2J\n.jpg", because: "It is damaged."))
        #expect(line?.description == "a\u{FFFD}[2J\u{FFFD}.jpg: left out. It is damaged.")
        #expect(LeftOut.list(["a\u{1B}[2J"]) == "a\u{FFFD}[2J")
    }

    @Test("No reason commands the terminal: it may repeat what a file says")
    func reasons() throws {
        let rows = "image,caption\n../\u{1B}]0;x\u{7},b\n"
        let file = try CaptionsFile(contents: Array(rows.utf8), file: "c.csv")
        var leftOut = LeftOut()
        #expect(
            leftOut.add(try #require(file.leftOut.first))?.description
                == "c.csv, line 2: left out. '../\u{FFFD}]0;x\u{FFFD}' is no path below the directory."
        )
    }

    @Test("A list of names ends after twenty")
    func list() {
        #expect(LeftOut.list(["a", "b"]) == "a, b")
        #expect(LeftOut.list((1...20).map(String.init)).hasSuffix("19, 20"))
        #expect(LeftOut.list((1...23).map(String.init)).hasSuffix("19, 20 and 3 more"))
    }
}
