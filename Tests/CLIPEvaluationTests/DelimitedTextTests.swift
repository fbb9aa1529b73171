import CLIPEvaluation
import Testing

@Suite("Delimited text")
struct DelimitedTextTests {
    private func rows(_ text: String, separator: Unicode.Scalar = ",") throws -> [DelimitedText.Row] {
        var reader = DelimitedText(text, separator: separator)
        var rows: [DelimitedText.Row] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    private func fields(_ text: String, separator: Unicode.Scalar = ",") throws -> [[String]] {
        try rows(text, separator: separator).map {
            guard case .fields(let fields) = $0.content else { return ["?"] }
            return fields
        }
    }

    @Test("Quoted fields hold separators, line ends and doubled quotes")
    func quotes() throws {
        let text = "a,\"b, c\",\"d \"\"e\"\"\"\n\"f\r\ng\",\"\",h"
        #expect(try fields(text) == [["a", "b, c", "d \"e\""], ["f\r\ng", "", "h"]])
    }

    @Test("A quote inside of an unquoted field is a character")
    func inches() throws {
        #expect(try fields("a 5\" pipe,b") == [["a 5\" pipe", "b"]])
    }

    @Test("Lines end with LF or CRLF, the last one with or without; empty ones are passed over")
    func lineEnds() throws {
        #expect(try fields("\n\na,b\r\n\r\nc,d\n") == [["a", "b"], ["c", "d"]])
        #expect(try fields("a,b") == [["a", "b"]])
        #expect(try fields("a,\n") == [["a", ""]])
        #expect(try fields("") == [])
        #expect(try fields("\r\n") == [])
    }

    @Test("Tabs separate where they are asked for, and commas are characters then")
    func tabs() throws {
        #expect(try fields("a\tb, c\n", separator: "\t") == [["a", "b, c"]])
    }

    @Test("Rows tell the line that they begin at, quoted line ends counted")
    func lines() throws {
        #expect(try rows("a\n\"b\nb\"\n\nc").map(\.line) == [1, 2, 5])
    }

    @Test("Text after a closing quote spoils its own row and no other")
    func textAfterQuote() throws {
        let rows = try rows("\"a\" b,c\nd,e")
        #expect(rows.map(\.content) == [.textAfterQuote, .fields(["d", "e"])])
        #expect(rows.map(\.line) == [1, 2])
    }

    @Test("A quote that is never closed is told with its line")
    func unbalanced() {
        #expect(throws: DelimitedText.UnbalancedQuote(line: 2)) { try rows("a,b\nc,\"d\ne,f\n") }
    }

    @Test("A byte order mark is no part of the text, and other encodings are refused")
    func encodings() throws {
        #expect(try DelimitedText.text(of: [0xEF, 0xBB, 0xBF, 0x61], file: "f") == "a")
        let refused = #expect(throws: EvaluationError.self) {
            try DelimitedText.text(of: [0x61, 0xFF], file: "f")
        }
        #expect(refused?.description.hasPrefix("f: Line 1 is not UTF-8. ") == true)
        #expect(try DelimitedText.text(of: [0xFF, 0xFE, 0x61, 0, 0x00, 0xAC], file: "f") == "a가")
    }
}
