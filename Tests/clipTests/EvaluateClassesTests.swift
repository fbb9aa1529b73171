import CLIPTestSupport
import Foundation
import Testing

@Suite("clip evaluate, by class", .timeLimit(.minutes(5)))
struct EvaluateClassesTests {
    private struct Report: Decodable {
        struct Class: Decodable {
            let folder: String
            let label: String
            let images: Int
            let top1: Double?
            let top5: Double?
        }
        let top1: Double
        let top5: Double
        let images: Int
        let skipped: Int
        let classes: Int
        let empty_classes: [String]
        let templates: Int
        let model: String
        let precision: String
        let seconds: Double
        let images_per_second: Double
        let per_class: [Class]?
    }

    private func decode(_ outcome: Command.Outcome) throws -> Report {
        #expect(outcome.status == 0, "\(outcome.errors)")
        try #require(outcome.lines.count == 1, "one JSON object")
        return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }

    /// Two classes with a picture each.
    private func folder() throws -> EvaluationFolder {
        let folder = try EvaluationFolder()
        try folder.add("png-rgb.png", at: "a_cat/1.png")
        try folder.add("jpeg-wide.jpg", at: "고양이/sub/1.jpg")
        return folder
    }

    // MARK: Figures

    @Test("Top-1 and top-5 are what the embeddings of pictures and prompts give, for labels with synonyms")
    func figures() async throws {
        let folder = try EvaluationFolder()
        let names = [
            ["goldfish", "Carassius auratus"], ["고양이"], ["school bus"], ["umbrella"],
            ["자전거", "bicycle", "bike"],
            ["volcano"], ["espresso"], ["teapot"],
        ]
        let templates = ["a photo of a {}.", "{}!"]
        var classes: [[Double]] = []
        for synonyms in names {
            let prompts = synonyms.flatMap { name in templates.map { $0.replacing("{}", with: name) } }
            let directions = try await folder.directions(texts: prompts)
            try #require(directions.count == prompts.count)
            classes.append(
                EvaluationFolder.direction(
                    of: directions[0].indices.map { index in directions.reduce(0) { $0 + $1[index] } }
                )
            )
        }
        let images = try await folder.directions(ofImages: EvaluationFolder.images)
        try #require(images.count == EvaluationFolder.images.count)
        // How many classes come before the right one, for each class's pictures. Every class gets one picture, then the
        // others go to the class that comes first, second, third... for them.
        var ranks = [[Int]](repeating: [], count: names.count)
        for (index, image) in images.enumerated() {
            let scores = classes.map { EvaluationFolder.cosine($0, image) }
            let order = scores.indices.sorted { scores[$0] > scores[$1] }
            let truth = index < names.count ? index : order[index % names.count]
            ranks[truth].append(scores.count { $0 > scores[truth] })
            try folder.add(EvaluationFolder.images[index], at: "n\(truth)/\(EvaluationFolder.images[index])")
        }
        let all = ranks.flatMap(\.self)
        try #require((0..<names.count).allSatisfy(all.contains), "the figures tell the depths apart")
        let words = names.enumerated().map { "n\($0)\t\($1.joined(separator: ", "))\n" }.joined()
        let report = try decode(
            await folder.evaluate(
                "--json",
                "--per-class",
                "--labels",
                "-",
                "--template",
                templates[0],
                "--template",
                templates[1],
                input: "n99\tnowhere\n" + words
            )
        )
        #expect(report.images == images.count && report.skipped == 0 && report.classes == names.count)
        #expect(report.top1 == Double(all.count { $0 == 0 }) / Double(all.count))
        #expect(report.top5 == Double(all.count { $0 < 5 }) / Double(all.count))
        #expect(report.templates == 2)
        let perClass = try #require(report.per_class)
        for (index, entry) in perClass.enumerated() {
            #expect(entry.folder == "n\(index)" && entry.label == names[index].joined(separator: ", "))
            #expect(entry.images == ranks[index].count)
            #expect(entry.top1 == Double(ranks[index].count { $0 == 0 }) / Double(entry.images))
            #expect(entry.top5 == Double(ranks[index].count { $0 < 5 }) / Double(entry.images))
        }
    }

    @Test("The object names the model, the times and the classes; few classes all count for top-5")
    func object() async throws {
        let report = try decode(await folder().evaluate("--json"))
        #expect(report.images == 2 && report.classes == 2 && report.top5 == 1)
        #expect(report.model == "tiny" && report.precision == "f32" && report.templates == 7)
        #expect(report.seconds > 0 && report.images_per_second > 0)
        #expect(report.per_class == nil)
    }

    @Test("A person gets a summary, and a table of the classes on request")
    func summary() async throws {
        let folder = try folder()
        let summary = try await folder.evaluate()
        #expect(summary.status == 0 && summary.errors.isEmpty, "progress is for terminals only")
        #expect(summary.output.contains("images  2 in 2 classes, 0 skipped"))
        #expect(summary.output.contains("top-5   100.00 %"))
        let table = try await folder.evaluate("--per-class")
        try #require(table.lines.count == 8, "three of the table, five of the summary")
        #expect(table.lines[0].hasSuffix("images  class"))
        #expect(table.lines[1].contains("1  a cat") && table.lines[2].contains("1  고양이"))
        #expect(table.lines[3].hasPrefix("top-1"))
    }

    @Test("A limit takes the first files of each class")
    func limit() async throws {
        let folder = try folder()
        for number in 2...4 { try folder.add("png-grey.png", at: "a_cat/\(number).png") }
        #expect(try decode(await folder.evaluate("--json")).images == 5)
        #expect(try decode(await folder.evaluate("--json", "--limit", "2")).images == 3)
    }

    // MARK: What is left out

    @Test(
        "Damaged pictures and other files are named, counted and skipped; hidden ones and empty classes take no part"
    )
    func skipped() async throws {
        let folder = try folder()
        let picture = try Fixture.bytes("imaging/jpeg-wide.jpg")
        try folder.add(Array(picture.prefix(picture.count / 4)), at: "a_cat/cut.jpg")
        try folder.add([], at: "a_cat/empty.png")
        try folder.add(Array("boxes".utf8), at: "고양이/boxes.txt")
        try folder.add([0], at: "고양이/.DS_Store")
        try folder.add([0], at: "none/.DS_Store")
        let outcome = try await folder.evaluate("--json")
        let report = try decode(outcome)
        #expect(report.images == 2 && report.skipped == 3 && report.classes == 2)
        #expect(report.empty_classes == ["none"])
        for name in ["a_cat/cut.jpg", "a_cat/empty.png", "고양이/boxes.txt"] {
            #expect(outcome.errors.contains("\(name): left out."), "\(outcome.errors)")
        }
        #expect(outcome.errors.contains("none: This class folder is empty"))
        #expect(!outcome.errors.contains(".DS_Store"))
        #expect(try await folder.evaluate().output.contains("2 in 2 classes, 3 skipped"))
    }

    @Test("Of many damaged files twenty are named, in their order")
    func manySkipped() async throws {
        let folder = try folder()
        for number in 100..<130 { try folder.add([1], at: "a_cat/x\(number).jpg") }
        let outcome = try await folder.evaluate("--json")
        #expect(try decode(outcome).skipped == 30)
        let named = outcome.errors.split(separator: "\n")
        #expect(named.count == 21)
        #expect(named[0].hasPrefix("a_cat/x100.jpg:") && named[19].hasPrefix("a_cat/x119.jpg:"))
        #expect(named[20] == "10 more were left out.")
    }

    @Test("Of many empty classes twenty are named, and no name commands the terminal")
    func manyEmpty() async throws {
        let folder = try folder()
        for number in 100..<123 { try folder.add([0], at: "x\u{1B}\(number)/.DS_Store") }
        let outcome = try await folder.evaluate("--json")
        #expect(try decode(outcome).empty_classes.count == 23)
        let named = outcome.errors.split(separator: "\n")
        try #require(named.count == 21)
        #expect(named[0] == "x\u{FFFD}100: This class folder is empty, and takes no part.")
        #expect(named[20] == "3 more class folders are empty.")
    }

    @Test(
        "Of many labels that are shared twenty are named, synonyms in any order; none commands the terminal"
    )
    func manyEqualLabels() async throws {
        let folder = try EvaluationFolder()
        var labels = ""
        for number in 100..<121 {
            for name in ["a\(number)", "b\(number)"] { try folder.add("png-grey.png", at: "\(name)/1.png") }
            labels += "a\(number)\tcat, dog \u{1B}\(number)\nb\(number)\tdog \u{1B}\(number), cat\n"
        }
        let file = try folder.write(labels, to: "words.txt")
        let outcome = try await folder.evaluate("--per-class", "--labels", file)
        #expect(outcome.status == 0)
        let named = outcome.errors.split(separator: "\n")
        try #require(named.count == 21, "\(outcome.errors)")
        #expect(named[0].hasPrefix("a100, b100: These classes have the same label, 'cat, dog \u{FFFD}100'"))
        #expect(named[20] == "1 more label is shared by several classes.")
        #expect(outcome.output.contains("cat, dog \u{FFFD}100") && !outcome.output.contains("\u{1B}"))
    }

    @Test("Classes that share a label are told that neither can come first")
    func sameLabel() async throws {
        let folder = try folder()
        try folder.add("png-grey.png", at: "a__cat/1.png")
        let labels = try folder.write("a_cat\tcrane\na__cat\tcrane\n고양이\t고양이\n", to: "words.txt")
        let outcome = try await folder.evaluate("--json", "--per-class", "--labels", labels)
        #expect(outcome.errors.contains("a__cat, a_cat: These classes have the same label, 'crane'"))
        let perClass = try #require(try decode(outcome).per_class)
        #expect(perClass.filter { $0.label == "crane" }.map(\.top1) == [0, 0])
    }

    // MARK: Refusals

    @Test("Nothing left to evaluate is refused")
    func nothingLeft() async throws {
        let folder = try EvaluationFolder()
        try folder.add([1, 2, 3], at: "a/1.jpg")
        try folder.add([1, 2, 3], at: "b/1.jpg")
        let outcome = try await folder.evaluate("--json")
        #expect(outcome.status == 65 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("There is nothing to evaluate: no image could be used."))
    }

    @Test("A directory that is missing, none, or without pictures in class folders is refused")
    func badDirectory() async throws {
        let folder = try EvaluationFolder()
        let file = try folder.write("", to: "file")
        for (directory, status, sentence) in [
            (file + "/missing", 66, "The directory cannot be read: Not a directory."),
            (folder.root.path + "/missing", 66, "The directory cannot be read: No such file or directory."),
            (file, 66, "This is not a directory."),
            (folder.pictures.path, 65, "There are no class folders in this directory."),
            (folder.root.path, 65, "All class folders of this directory are empty."),
        ] as [(String, Int32, String)] {
            if directory == folder.root.path { try FileManager.default.removeItem(atPath: folder.model) }
            let outcome = try await Command.run("evaluate", directory, "--model", folder.model)
            #expect(outcome.status == status && outcome.output.isEmpty)
            #expect(outcome.errors.contains("\(directory): \(sentence)"), "\(outcome.errors)")
        }
    }

    @Test(
        "Folders without a label, a labels file that is missing, and a template without a place are refused"
    )
    func badLabels() async throws {
        let folder = try folder()
        let labels = try folder.write("a_cat\tcat\n", to: "words.txt")
        for (arguments, status, sentence) in [
            (["--labels", labels], 65, "There is no label for the class folder '고양이'."),
            (
                ["--labels", labels + ".missing"], 66,
                "words.txt.missing: The file cannot be read: No such file"
            ),
            (["--template", "a photo"], 65, "The template 'a photo' has no {} where the label goes."),
        ] as [([String], Int32, String)] {
            let outcome = try await folder.evaluate(arguments[0], arguments[1])
            #expect(outcome.status == status && outcome.output.isEmpty)
            #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
        }
    }

    @Test("A label that is too long for the model is refused with its prompt")
    func longLabel() async throws {
        let folder = try folder()
        let label = Array(repeating: "word", count: 100).joined(separator: " ")
        let labels = try folder.write("a_cat\t\(label)\n고양이\t고양이\n", to: "words.txt")
        let outcome = try await folder.evaluate("--labels", labels)
        #expect(outcome.status == 65 && outcome.output.isEmpty)
        #expect(
            outcome.errors.contains("It has 107 tokens; the model has 77 positions."),
            "\(outcome.errors)"
        )
    }

    @Test("A limit of nothing is refused, and options of classes beside captions")
    func badOptions() async throws {
        let folder = try folder()
        for arguments in [
            ["--limit", "0"], ["--captions", "x", "--per-class"], ["--captions", "x", "--labels", "y"],
            ["--captions", "x", "--template", "{}"],
        ] {
            let command = ["evaluate", folder.pictures.path, "--model", folder.model] + arguments
            let outcome = await (try Command.start(command)).outcome()
            #expect(outcome.status == 64 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("Error: --l"), "\(outcome.errors)")
        }
    }
}
