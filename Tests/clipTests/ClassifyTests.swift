import CLIPTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("clip classify", .timeLimit(.minutes(5)))
struct ClassifyTests {
    private struct Line: Decodable {
        struct Prediction: Decodable {
            let label: String
            let score: Double
            let similarity: Double
        }
        let image: String?
        let text: String?
        let predictions: [Prediction]
    }

    private func lines(_ outcome: Command.Outcome) throws -> [Line] {
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    private func classify(
        _ folder: EvaluationFolder,
        _ arguments: [String],
        input: String = ""
    ) async throws -> Command.Outcome {
        let command = ["classify", "--model", folder.model] + arguments
        return await (try Command.start(command, input: Array(input.utf8))).outcome()
    }

    @Test("A picture's labels are lines with scores, the best first; several pictures have their names above")
    func pictures() async throws {
        let folder = try EvaluationFolder()
        try folder.add("png-rgb.png", at: "a.png")
        try folder.add("jpeg-wide.jpg", at: "b.jpg")
        let (one, other) = (folder.pictures.path + "/a.png", folder.pictures.path + "/b.jpg")
        let plain = try await classify(folder, [one, "--labels", "cat, 고양이,red bicycle"])
        #expect(plain.status == 0 && plain.lines.count == 3, "\(plain.errors)")
        let scores = plain.lines.compactMap { line in
            line.split(separator: " ", maxSplits: 1).first.flatMap { Double($0) }
        }
        #expect(scores == scores.sorted(by: >) && abs(scores.reduce(0, +) - 1) < 2e-4)
        #expect(plain.lines.contains { $0.hasSuffix("  고양이") })
        #expect(plain.lines.contains { $0.hasSuffix("  red bicycle") })
        let several = try await classify(folder, [one, other, "--labels", "cat,고양이,x", "--top", "2"])
        #expect(several.lines.count == 6)
        #expect(several.lines[0] == one && several.lines[3] == other)
        let json = try lines(try await classify(folder, [one, other, "--labels", "cat,고양이,x", "--json"]))
        #expect(json.map(\.image) == [one, other] && json.allSatisfy { $0.predictions.count == 3 })
    }

    @Test("Texts, labels of a file with prompts of their own, and templates")
    func texts() async throws {
        let folder = try EvaluationFolder()
        let file = try folder.write("animal\ta cat\ta dog\r\n\r\n고양이\r\n tree \r\n", to: "labels.txt")
        let found = try lines(
            try await classify(
                folder,
                ["--text", "a tree", "--labels-file", file, "--template", "a {}", "--json"]
            )
        )
        #expect(found[0].text == "a tree" && found[0].predictions[0].label == "tree")
        #expect(found[0].predictions[0].similarity > 0.9999 && found[0].predictions.count == 3)
        let piped = try lines(
            try await classify(
                folder,
                ["--text", "-", "--labels", "dog,cat", "--templates", "a {}", "--json", "--top", "1"],
                input: "a cat\na dog\n"
            )
        )
        #expect(piped.map { $0.predictions.map(\.label) } == [["cat"], ["dog"]])
        let labels = try lines(
            try await classify(folder, ["--text", "b", "--labels-file", "-", "--json"], input: "a\nb\n")
        )
        #expect(labels[0].predictions[0].label == "b")
    }

    @Test("JSON has the members of POST /classify, spelled as they are there")
    func sameAsServer() async throws {
        let folder = try EvaluationFolder()
        let labels = ["cat", "고양이", "a \"quoted\" dog", "tree"]
        let line = try await classify(
            folder,
            ["--text", "a cat", "--json", "--labels", labels.joined(separator: ",")]
        )
        let (running, port) = try await Command.serving(["--model", "\(folder.model)"])
        defer { running.process.terminate() }
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)/classify")))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONSerialization.data(
            withJSONObject: ["text": "a cat", "labels": labels, "top_k": 5] as [String: Any]
        )
        let (data, _) = try await URLSession.shared.data(for: request)
        let answer = String(decoding: data, as: UTF8.self)
        let predictions = try #require(
            answer.firstMatch(of: #/"predictions":\[(.*)\],"model":"([^"]*)"/#),
            "\(answer)"
        )
        #expect(
            line.output
                == #"{"text":"a cat","predictions":\#(predictions.1),"model":"\#(predictions.2)"}"# + "\n",
            "\(answer)"
        )
    }

    @Test("A file of labels may be UTF-16 with its mark; without one that is said, not taken for Korean")
    func encodings() async throws {
        let folder = try EvaluationFolder()
        let text = "고양이\n강아지\n"
        func file(_ bytes: Data, _ name: String) throws -> String {
            let place = folder.root.appendingPathComponent(name)
            try bytes.write(to: place)
            return place.path
        }
        let marked = try file(
            Data([0xFF, 0xFE]) + (text.data(using: .utf16LittleEndian) ?? Data()),
            "marked.txt"
        )
        let found = try lines(
            try await classify(folder, ["--text", "a", "--labels-file", marked, "--json"])
        )
        #expect(Set(found[0].predictions.map(\.label)) == ["고양이", "강아지"])
        let bare = try file(text.data(using: .utf16LittleEndian) ?? Data(), "bare.txt")
        let refused = try await classify(folder, ["--text", "a", "--labels-file", bare])
        #expect(
            refused.status == 65 && refused.errors.contains("as in UTF-16 without a mark"),
            "\(refused.errors)"
        )
    }

    @Test("A file that is no picture fails alone")
    func badPicture() async throws {
        let folder = try EvaluationFolder()
        try folder.add("png-rgb.png", at: "a.png")
        let bad = try folder.write("no picture", to: "bad.png")
        let good = folder.pictures.path + "/a.png"
        let outcome = try await classify(folder, [bad, good, "--labels", "cat,dog"])
        #expect(outcome.status == 1 && outcome.lines.count == 3 && outcome.lines[0] == good)
        #expect(outcome.errors.contains("bad.png: This is no picture"), "\(outcome.errors)")
    }

    @Test("What is wrong with labels and templates is said by name")
    func badLabels() async throws {
        let folder = try EvaluationFolder()
        let long = String(repeating: "word ", count: 100)
        let empty = try folder.write("\n", to: "empty.txt")
        for (arguments, status, words) in [
            ([], 64, "There is no label: give some with --labels, or --labels-file."),
            (["--labels", "a", "--labels-file", empty], 64, "are two sets of labels"),
            (["--labels", "a", "--top", "0"], 64, "--top must be at least 1, not 0."),
            (["--labels-file", "-", "--text", "-"], 64, "Standard input is only one of"),
            (["--labels", "cat,dog,cat"], 65, "The label 'cat' is there twice."),
            (["--labels", "cat,,dog"], 65, "Label 2 is empty."),
            (["--labels-file", empty], 65, "There is no label. Give one at least."),
            (["--labels-file", empty + ".missing"], 66, "empty.txt.missing: The file cannot be read"),
            (["--labels", "a", "--template", "a photo"], 65, "The template 'a photo' has no {} where"),
            (
                ["--labels", "a,\(long)"], 65,
                "cannot be used. The text has 102 tokens; the model has 77 positions. Shorten it. Or give --truncate."
            ),
        ] as [([String], Int32, String)] {
            let outcome = try await classify(folder, ["--text", "x"] + arguments)
            #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments) \(outcome.status)")
            #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
        }
        let twice = try await classify(folder, ["--text", "x", "--labels", "red, white,red"])
        #expect(twice.errors.contains("a label with a comma in it goes into a file for --labels-file"))
        let nothing = await (try Command.start(["classify", "--labels", "a"])).outcome()
        #expect(nothing.status == 64 && nothing.errors.contains("Usage: clip classify"), "\(nothing.errors)")
        #expect(nothing.errors.contains("Nothing to classify"), "\(nothing.errors)")
        let cut = try await classify(folder, ["--text", "x", "--labels", "a,\(long)", "--truncate"])
        #expect(cut.status == 0 && cut.lines.count == 2)
    }
}
