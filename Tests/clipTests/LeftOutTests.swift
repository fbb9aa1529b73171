import Testing
import clip

@Suite("What an evaluation leaves out")
struct LeftOutTests {
    @Test("The first twenty that are left out are named, the others counted")
    func leftOut() throws {
        var leftOut = LeftOut()
        for number in 1...20 {
            let line = leftOut.add(LeftOut.Item("\(number).jpg", because: "It is damaged."))
            #expect(line == "\(number).jpg: left out. It is damaged.\n")
        }
        #expect(leftOut.remainder == nil)
        #expect(leftOut.add(LeftOut.Item("21.jpg", because: "It is damaged."), counting: 5) == nil)
        #expect(leftOut.remainder == "1 more was left out.\n")
        #expect(leftOut.count == 25)
    }

    @Test("No name commands the terminal")
    func controls() {
        var leftOut = LeftOut()
        let line = leftOut.add(LeftOut.Item("a\u{1B}[2J\n.jpg", because: "It is damaged."))
        #expect(line == "a\u{FFFD}[2J\u{FFFD}.jpg: left out. It is damaged.\n")
    }
}
