import CLIPEvaluation
import Testing

@Suite("Captions files")
struct CaptionsFileTests {
    private func read(_ text: String, file: String = "captions.txt", limit: Int = .max) throws -> CaptionsFile
    {
        try CaptionsFile(contents: Array(text.utf8), file: file, limit: limit)
    }

    private func refusal(_ text: String) -> String? {
        #expect(throws: EvaluationError.self) { try read(text) }?.description
    }

    @Test("Flickr8k's form: a picture has several captions")
    func flickr() throws {
        let file = try read("image,caption\na.jpg,A dog .\na.jpg,\"A dog , running .\"\nb.jpg,A cat .\n")
        #expect(file.images == ["a.jpg", "b.jpg"])
        #expect(file.captions.map(\.image) == [0, 0, 1])
        #expect(file.captions.map(\.text) == ["A dog .", "A dog , running .", "A cat ."])
        #expect(file.captions.map(\.line) == [2, 3, 4])
        #expect(file.leftOut.isEmpty)
    }

    @Test("Columns are found by name, in any order and case; others are passed over")
    func columns() throws {
        let file = try read("\u{FEFF}id, Caption ,split,IMAGE\n1,고양이,val,./x//a.jpg\n")
        #expect(file.images == ["x/a.jpg"])
        #expect(file.captions.map(\.text) == ["고양이"])
    }

    @Test("Tabs separate where the file's name or its header says so")
    func tabs() throws {
        #expect(try read("caption\timage\na, b\tc.jpg\n").captions.map(\.text) == ["a, b"])
        #expect(try read("\ncaption\timage\na\tc.jpg\n").images == ["c.jpg"])
        #expect(throws: EvaluationError.self) { try read("caption,image\na,c.jpg\n", file: "x.TSV") }
    }

    @Test("A limit takes the first pictures with all of their captions")
    func limit() throws {
        let file = try read("image,caption\na,1\nb,2\na,3\nc,4\n", limit: 2)
        #expect(file.images == ["a", "b"] && file.captions.map(\.text) == ["1", "2", "3"])
        #expect(file.leftOut.isEmpty)
    }

    @Test("Behind a limit only those rows that cannot be used are left out which name one of its pictures")
    func limitAndBadRows() throws {
        let rows = "../x,0\na,1\na,2,3\nb,\nb,4,5\n\"b\"x,6\n../y,7\n,8\n./a,\n"
        let file = try read("image,caption\n" + rows, limit: 1)
        #expect(file.images == ["a"] && file.captions.map(\.text) == ["1"])
        #expect(file.leftOut.map(\.name) == [2, 4, 10].map { "captions.txt, line \($0)" })
    }

    @Test("Names that differ in their bytes are different pictures")
    func composition() throws {
        let file = try read("image,caption\n\u{E9}.jpg,a\ne\u{301}.jpg,b\n")
        #expect(file.images.map { Array($0.utf8) } == ["\u{E9}.jpg", "e\u{301}.jpg"].map { Array($0.utf8) })
        #expect(file.captions.map(\.image) == [0, 1])
    }

    @Test(
        "Rows that cannot be used are left out with line and reason",
        arguments: [
            ("a", "The row has 1 field, the header 2."),
            ("a,b,c", "The row has 3 fields, the header 2."),
            ("a,", "The row has no caption."),
            ("a,\" \"", "The row has no caption."),
            (",b", "The row names no image."),
            ("\"a\"x,b", "Something follows a closing quote."),
            ("../a,b", "'../a' is no path below the directory."),
            ("a/../../b,c", "'a/../../b' is no path below the directory."),
            ("/etc/passwd,b", "'/etc/passwd' is no path below the directory."),
            (".,b", "'.' is no path below the directory."),
            ("a\0.jpg,b", "'a\0.jpg' is no path below the directory."),
        ]
    )
    func rows(row: String, reason: String) throws {
        let file = try read("image,caption\nfirst,kept\n\(row)\nlast,kept\n")
        #expect(file.leftOut == [LeftOut.Item("captions.txt, line 3", because: reason)])
        #expect(file.images == ["first", "last"])
    }

    @Test("Files that cannot be read as a whole are refused")
    func refusals() {
        #expect(refusal("") == "captions.txt: The file is empty.")
        #expect(refusal("image,caption\n") == "captions.txt: There is no row below the header.")
        #expect(refusal("image,text\na,b\n")?.contains("has no column 'caption'") == true)
        #expect(refusal("caption,name\na,b\n")?.contains("has no column 'image'") == true)
        #expect(refusal("a.jpg,A dog\n")?.contains("has no column 'image'") == true)
        #expect(refusal("image,image,caption\na,b,c\n")?.contains("several columns 'image'") == true)
        #expect(refusal("\"image\"x,caption\na,b\n")?.contains("line 1: Something follows") == true)
        #expect(
            refusal("image,caption\na,b\nc,\"d\ne,f\n")
                == "captions.txt, line 3: A quoted field is not closed."
        )
    }
}
