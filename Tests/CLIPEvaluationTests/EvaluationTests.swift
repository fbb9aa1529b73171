import CLIPEngine
import CLIPEvaluation
import CLIPTestSupport
import Testing

@Suite("Evaluations by a program", .timeLimit(.minutes(5)))
struct EvaluationTests {
    /// The cosine between a picture and the mean of prompts, each at length one.
    private func cosine(_ image: Embedding, _ prompts: [Embedding]) -> Double {
        let sums = prompts[0].values.indices.map { index in
            prompts.reduce(0.0) { $0 + Double($1.normalized.values[index]) }
        }
        let image = image.normalized.values.map(Double.init)
        let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return zip(sums, image).reduce(0) { $0 + $1.0 * $1.1 } / length
    }

    /// All that is told of work that comes to its end.
    private func whole(_ work: EvaluationEvent.Work, count: Int) -> [EvaluationEvent] {
        var events = [EvaluationEvent.began(work, count: count)]
        for done in 1...count { events.append(.advanced(work, done: done)) }
        return events + [.ended(work)]
    }

    @Test("Classes are scored by what the engine's embeddings give, and the report names each class")
    func classes() async throws {
        try await EvaluatedFolder.with { folder in
            let names = ["goldfish", "고양이", "school bus"]
            let pictures = [
                "png-rgb.png", "jpeg-wide.jpg", "bmp-24-bit.bmp", "png-grey.png", "jpeg-tall.jpg",
            ]
            let templates = ["a photo of a {}.", "{}!"]
            var classes: [[Embedding]] = []
            for name in names {
                let prompts = templates.map { $0.replacing("{}", with: name) }
                classes.append(try await folder.engine.embed(texts: prompts).embeddings)
            }
            // The first picture goes to the class that comes first for it, the second to the second, and so on.
            var firsts: [Bool] = []
            for (index, picture) in pictures.enumerated() {
                let bytes = try Fixture.bytes("imaging/\(picture)")
                let image = try await folder.engine.embed(images: [.encoded(bytes)]).embeddings[0]
                let scores = classes.map { cosine(image, $0) }
                let truth = scores.indices.sorted { scores[$0] > scores[$1] }[index % names.count]
                firsts.append(index % names.count == 0)
                try folder.add(picture, at: "\(truth)/\(picture)")
            }
            for index in names.indices { try folder.add([1], at: "\(index)/damaged.jpg") }
            let labels = names.enumerated().map { "\($0)\t\($1)\n" }.joined()
            let evaluation = try ZeroShotEvaluation(
                directory: folder.path,
                labels: ClassLabels(contents: Array(labels.utf8), file: "labels"),
                templates: templates.map { try PromptTemplate($0) }
            )
            let told = ToldEvents()
            let report = try await evaluation.report(
                by: folder.engine,
                model: "other",
                onEvent: told.append
            )
            #expect(report.images == 5 && report.skipped == 3 && report.templates == 2)
            #expect(report.top1 == Double(firsts.count { $0 }) / 5 && report.top5 == 1)
            #expect(report.classes.map(\.label) == names && report.classes.map(\.folder) == ["0", "1", "2"])
            #expect(report.classes.map(\.images).reduce(0, +) == 5)
            #expect(report.figures.model == "other" && report.figures.precision == .f32)
            #expect(report.figures.seconds > 0 && report.figures.imagesPerSecond > 0)
            #expect(told.notices.count == 3)
            #expect(Array(told.all.prefix(8)) == whole(.texts, count: 6))
            let images = told.all.dropFirst(8).filter { if case .notice = $0 { false } else { true } }
            #expect(images == whole(.images, count: 8))
        }
    }

    @Test("What was left out, is empty or has another's label is told before and while the work goes on")
    func notices() async throws {
        try await EvaluatedFolder.with { folder in
            try folder.add("png-rgb.png", at: "a_cat/1.png")
            try folder.add("png-grey.png", at: "a__cat/1.png")
            try folder.add([0], at: "none/.hidden")
            let labels = try ClassLabels(contents: Array("a_cat\tcat\na__cat\tcat\n".utf8), file: "labels")
            let told = ToldEvents()
            let report = try await ZeroShotEvaluation(directory: folder.path, labels: labels)
                .report(by: folder.engine, onEvent: told.append)
            #expect(
                told.notices == [
                    .emptyFolder("none"), .equalLabels(folders: ["a__cat", "a_cat"], label: "cat"),
                ]
            )
            #expect(report.top1 == 0 && report.top5 == 1 && report.emptyClasses == ["none"])
            #expect(report.classes[0].mostConfused?.folder == "a_cat")
            #expect(report.templates == PromptTemplate.ensemble.count)
        }
    }

    @Test("Captions find their pictures and pictures their captions, cut where they are too long")
    func captions() async throws {
        try await EvaluatedFolder.with { folder in
            try folder.add("png-rgb.png", at: "a.png")
            try folder.add("jpeg-wide.jpg", at: "b.jpg")
            let long = Array(repeating: "word", count: 100).joined(separator: " ")
            let rows = "image,caption\na.png,a cat\nb.jpg,\(long)\nmissing.jpg,a dog\nb.jpg,two dogs\n"
            let captions = try CaptionsFile(contents: Array(rows.utf8), file: "captions.csv")
            let told = ToldEvents()
            let report = try await RetrievalEvaluation(directory: folder.path, captions: captions)
                .report(by: folder.engine, onEvent: told.append)
            #expect(report.images == 2 && report.captions == 3 && report.captionsCut == 1)
            #expect(report.skipped == 1 && report.textToImage.at5 == 1 && report.imageToText.at10 == 1)
            #expect(
                told.notices == [
                    .leftOut(
                        name: "captions.csv, line 4, missing.jpg",
                        reason: "The file cannot be read: No such file or directory."
                    )
                ]
            )
            #expect(told.all.contains(.began(.rankings, count: 2)) && told.all.last == .ended(.rankings))
        }
    }

    @Test("A model with one tower, one that is not there, and no template are refused before any work")
    func refusals() async throws {
        try await EvaluatedFolder.with(.vision) { folder in
            try folder.add("png-rgb.png", at: "cat/a.png")
            let evaluation = try ZeroShotEvaluation(directory: folder.path)
            let told = ToldEvents()
            await #expect(throws: EvaluationError.engine(.noTower(.text, model: "tiny"))) {
                try await evaluation.report(by: folder.engine, onEvent: told.append)
            }
            await #expect(throws: EvaluationError.engine(.unknownModel("nobody"))) {
                try await evaluation.report(by: folder.engine, model: "nobody", onEvent: told.append)
            }
            #expect(told.all.isEmpty)
            #expect(throws: EvaluationError.noTemplates) {
                try ZeroShotEvaluation(directory: folder.path, templates: [])
            }
        }
    }

    @Test("Where no picture can be used there is no report, and whatever was begun has ended")
    func nothing() async throws {
        try await EvaluatedFolder.with { folder in
            try folder.add([1, 2, 3], at: "cat/a.png")
            let told = ToldEvents()
            let evaluation = try ZeroShotEvaluation(directory: folder.path)
            await #expect(throws: EvaluationError.nothingToEvaluate) {
                try await evaluation.report(by: folder.engine, onEvent: told.append)
            }
            #expect(told.notices.count == 1 && told.all.last == .ended(.images))
            let long = try PromptTemplate(Array(repeating: "{}", count: 100).joined(separator: " "))
            let refused = try ZeroShotEvaluation(directory: folder.path, templates: [long])
            let error = await #expect(throws: EvaluationError.self) {
                try await refused.report(by: folder.engine, onEvent: told.append)
            }
            #expect(error?.description.contains("It has 102 tokens; the model has 77 positions.") == true)
            #expect(told.all.last == .ended(.texts))
        }
    }
}
