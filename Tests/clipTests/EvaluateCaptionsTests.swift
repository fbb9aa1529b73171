import CLIPTestSupport
import Foundation
import Testing

@Suite("clip evaluate, by captions", .timeLimit(.minutes(5)))
struct EvaluateCaptionsTests {
    private struct Report: Decodable {
        let image_to_text: [String: Double]
        let text_to_image: [String: Double]
        let images: Int
        let captions: Int
        let captions_cut: Int
        let skipped: Int
        let model: String
        let precision: String
        let seconds: Double
        let images_per_second: Double
    }

    private func decode(_ outcome: Command.Outcome) throws -> Report {
        #expect(outcome.status == 0, "\(outcome.errors)")
        try #require(outcome.lines.count == 1, "one JSON object")
        return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }

    /// All pictures, in the directory itself.
    private func folder() throws -> EvaluationFolder {
        let folder = try EvaluationFolder()
        for image in EvaluationFolder.images { try folder.add(image, at: image) }
        return folder
    }

    @Test("Recall is what the embeddings of pictures and captions give, in both directions")
    func figures() async throws {
        let folder = try folder()
        let texts = (1...48).map { "caption \($0) of a \($0 % 3 == 0 ? "고양이" : "dog"), \($0 * 7 % 11)" }
        let directions = try await folder.directions(ofImages: EvaluationFolder.images, texts: texts)
        try #require(directions.count == EvaluationFolder.images.count + texts.count)
        let images = Array(directions.prefix(EvaluationFolder.images.count))
        let captions = Array(directions.suffix(texts.count))
        // Each caption goes to the picture that comes first, second, third... for it, in turn.
        let cosines = captions.map { caption in images.map { EvaluationFolder.cosine($0, caption) } }
        let owners = cosines.enumerated().map { index, row in
            row.indices.sorted { row[$0] > row[$1] }[index % 12]
        }
        let used = Set(owners)
        let ranks = cosines.enumerated().map { index, row in used.count { row[$0] > row[owners[index]] } }
        let imageRanks = used.map { image in
            let own = texts.indices.filter { owners[$0] == image }.map { cosines[$0][image] }.max() ?? 0
            return texts.indices.count { owners[$0] != image && cosines[$0][image] > own }
        }
        let rows = zip(texts, owners).map { "\"\($0)\",\(EvaluationFolder.images[$1])\n" }.joined()
        let file = try folder.write("caption,image\n" + rows, to: "captions.txt")
        let report = try decode(await folder.evaluate("--captions", file, "--json"))
        #expect(report.images == used.count && report.captions == 48)
        #expect(report.skipped == 0 && report.captions_cut == 0)
        #expect(report.model == "tiny" && report.precision == "f32")
        for depth in [1, 5, 10] {
            let expected = Double(ranks.count { $0 < depth }) / Double(ranks.count)
            #expect(report.text_to_image["recall@\(depth)"] == expected)
            let expectedOfImages = Double(imageRanks.count { $0 < depth }) / Double(imageRanks.count)
            #expect(report.image_to_text["recall@\(depth)"] == expectedOfImages)
        }
        #expect(ranks.contains(0) && ranks.contains { $0 > 4 }, "the figures tell the depths apart")
        let summary = try await folder.evaluate("--captions", file)
        #expect(summary.output.contains("\(used.count) with 48 captions, 0 cut, 0 rows skipped"))
    }

    @Test(
        "Rows and pictures that cannot be used are named with their lines, counted and skipped; long captions are cut"
    )
    func skipped() async throws {
        let folder = try folder()
        try folder.add([1, 2, 3], at: "damaged.jpg")
        try FileManager.default.createDirectory(
            at: folder.pictures.appendingPathComponent("folder"),
            withIntermediateDirectories: true
        )
        let long = Array(repeating: "word", count: 100).joined(separator: " ")
        let file = try folder.write(
            """
            image,caption
            png-rgb.png,a first
            png-rgb.png
            missing.jpg,one
            missing.jpg,two
            damaged.jpg,three
            ../tiny/open_clip_config.json,four
            /etc/passwd,five
            folder,six
            jpeg-wide.jpg,\(long)
            jpeg-tall.jpg,a first
            jpeg-wide.jpg,\(String(repeating: "long", count: 20_000))
            """,
            to: "captions.csv"
        )
        let outcome = try await folder.evaluate("--captions", file, "--json")
        let report = try decode(outcome)
        #expect(report.images == 3 && report.captions == 3 && report.captions_cut == 1 && report.skipped == 8)
        for sentence in [
            "line 3: left out. The row has 1 field, the header 2.",
            "line 4, missing.jpg: left out. The file cannot be read: No such file or directory.",
            "line 6, damaged.jpg: left out. This is no picture",
            "line 7: left out. '../tiny/open_clip_config.json' is no path below the directory.",
            "line 8: left out. '/etc/passwd' is no path below the directory.",
            "line 9, folder: left out. This is a folder.",
            "line 12: left out. The text has 80000 bytes; at most 65536 are read.",
        ] {
            #expect(
                outcome.errors.contains("\(file), \(sentence)"),
                "\(sentence) is not in \(outcome.errors)"
            )
        }
    }

    @Test("Tabs and standard input serve as well, and a limit takes the first pictures")
    func tabs() async throws {
        let folder = try folder()
        let input = "caption\timage\na, b\tpng-rgb.png\nc\tjpeg-wide.jpg\nd\tpng-rgb.png\ne\tjpeg-tall.jpg\n"
        let report = try decode(
            await folder.evaluate("--captions", "-", "--json", "--limit", "2", input: input)
        )
        #expect(report.images == 2 && report.captions == 3 && report.skipped == 0)
        #expect(report.image_to_text["recall@5"] == 1)
    }

    @Test("Captions files that cannot be read are refused, and those that leave nothing")
    func refusals() async throws {
        let folder = try folder()
        for (text, sentence) in [
            ("", "standard input: The file is empty."),
            ("image,text\na,b\n", "The header has no column 'caption'"),
            ("png-rgb.png,A dog\n", "The header has no column 'image'"),
            ("image,caption\na,\"b\n", "standard input, line 2: A quoted field is not closed."),
            ("image,caption\n", "There is no row below the header."),
            ("image,caption\nmissing.jpg,b\n", "There is nothing to evaluate: no image could be used."),
            ("image,caption\n../x,b\n", "There is nothing to evaluate: no image could be used."),
        ] {
            let outcome = try await folder.evaluate("--captions", "-", input: text)
            #expect(outcome.status == 65 && outcome.output.isEmpty)
            #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
        }
        let missing = try await folder.evaluate("--captions", folder.root.path + "/missing.csv")
        #expect(missing.status == 66)
        #expect(missing.errors.contains("missing.csv: The file cannot be read: No such file or directory."))
        let file = try folder.write("image,caption\npng-rgb.png,b\n", to: "captions.csv")
        let directory = try await Command.run(
            "evaluate",
            folder.root.path + "/missing",
            "--model",
            folder.model,
            "--captions",
            file
        )
        #expect(directory.status == 66 && directory.errors.contains("The directory cannot be read"))
    }
}
