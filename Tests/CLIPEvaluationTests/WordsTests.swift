import CLIPEngine
import CLIPEvaluation
import CLIPTestSupport
import Testing

@Suite("The words of evaluations")
struct WordsTests {
    @Test("Every error is a sentence with what it is about; those that leave a question say what to do")
    func errors() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "unreadableDirectory": EvaluationError.unreadableDirectory("./pets", cause: "Permission denied"),
            "notADirectory": EvaluationError.notADirectory("./pets"),
            "noClassFolders": EvaluationError.noClassFolders(directory: "./pets", leftOut: nil),
            "emptyClassFolders": EvaluationError.emptyClassFolders(
                directory: "./pets",
                leftOut: "cat: The folder cannot be read."
            ),
            "notText": EvaluationError.notText(
                cause:
                    "words.txt: Line 1 is not UTF-8. Convert the text first, for example with: iconv -f CP949 -t UTF-8"
            ),
            "noLabel": EvaluationError.noLabel(file: "words.txt", line: 2),
            "repeatedFolder": EvaluationError.repeatedFolder("cat", file: "words.txt", line: 3),
            "noLabels": EvaluationError.noLabels(file: "words.txt"),
            "folderNameNotText": EvaluationError.folderNameNotText("caf\u{10F7E9}"),
            "unlabelled": EvaluationError.unlabelled(folders: ["a", "b"]),
            "noTemplates": EvaluationError.noTemplates,
            "promptRefused": EvaluationError.promptRefused(
                "a photo",
                cause: "It has 107 tokens; the model has 77 positions. Shorten the label or the template."
            ),
            "emptyFile": EvaluationError.emptyFile("captions.csv"),
            "noRows": EvaluationError.noRows(file: "captions.csv"),
            "malformedHeader": EvaluationError.malformedHeader(file: "captions.csv", line: 1),
            "noColumn": EvaluationError.noColumn("image", file: "captions.csv"),
            "repeatedColumn": EvaluationError.repeatedColumn("image", file: "captions.csv"),
            "openQuote": EvaluationError.openQuote(file: "captions.csv", line: 2),
            "nothingToEvaluate": EvaluationError.nothingToEvaluate,
            "engine": EvaluationError.engine(.noTower(.text, model: "tiny")),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "EvaluationError",
            in: "CLIPEvaluation/EvaluationError.swift",
            // What is wrong with a directory, a line or a column is what has to be mended.
            nothingToDo: [
                "unreadableDirectory", "notADirectory", "noClassFolders", "emptyClassFolders", "noLabel",
                "repeatedFolder", "noLabels", "unlabelled", "emptyFile", "noRows",
                "malformedHeader", "noColumn",
                "repeatedColumn", "openQuote", "nothingToEvaluate",
            ]
        )
        #expect(complaints == [])
        #expect(
            "\(EvaluationError.emptyClassFolders(directory: "./pets", leftOut: "cat: The folder cannot be read."))"
                == "./pets: All class folders of this directory are empty. cat: The folder cannot be read."
        )
        #expect(
            "\(EvaluationError.unreadableDirectory("./pets", cause: nil))"
                == "./pets: The directory cannot be read."
        )
    }

    @Test("Every notice is a sentence, in the singular and the plural, without what a terminal would obey")
    func notices() {
        let notices: [(EvaluationNotice, String)] = [
            (.emptyFolder("a\u{1B}"), "a\u{FFFD}: This class folder is empty, and takes no part."),
            (.moreEmptyFolders(1), "1 more class folder is empty."),
            (.moreEmptyFolders(3), "3 more class folders are empty."),
            (
                .equalLabels(folders: ["a", "b\u{7}"], label: "crane\n"),
                "a, b\u{FFFD}: These classes have the same label, 'crane\u{FFFD}': none of them can come first."
            ),
            (.moreEqualLabels(1), "1 more label is shared by several classes."),
            (.moreEqualLabels(2), "2 more labels are shared by several classes."),
            (.leftOut(name: "a.jpg", reason: "It is damaged."), "a.jpg: left out. It is damaged."),
            (.moreLeftOut(1), "1 more was left out."), (.moreLeftOut(2), "2 more were left out."),
        ]
        for (notice, sentence) in notices { #expect("\(notice)" == sentence) }
    }
}
