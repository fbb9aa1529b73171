import CLIPEngine
import CLIPEvaluation
import Testing

@Suite("Zero-shot scores")
struct ZeroShotScoreTests {
    @Test("Top-1 counts the first class, top-5 the first five, each class by itself too")
    func constructed() {
        var score = ZeroShotScore(classes: 7)
        let scores: [Float] = [0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
        // The classes' ranks are their own numbers: first, second, fifth and sixth.
        for truth in [0, 1, 4, 5] { score.add(scores: scores, class: truth) }
        score.add(scores: scores.reversed(), class: 6)
        #expect(score.images == 5)
        #expect(score.top1 == 2.0 / 5)
        #expect(score.top5 == 4.0 / 5)
        #expect(score.tallies.map(\.top1) == [1, 0, nil, nil, 0, 0, 1])
        #expect(score.tallies.map(\.top5) == [1, 1, nil, nil, 1, 0, 1])
        #expect(score.tallies[5].confusions == [0: 1])
    }

    @Test("A class that scores the same as the right one stands before it")
    func ties() {
        var score = ZeroShotScore(classes: 6)
        score.add(scores: Array(repeating: 0.5, count: 6), class: 0)
        #expect(score.top1 == 0 && score.top5 == 0)
        score.add(scores: [0.5, 0.5, 0.1, 0.1, 0.1, 0.1], class: 0)
        #expect(score.top1 == 0 && score.top5 == 0.5)
        score.add(scores: [0.5, 0.4, 0.4, 0.4, 0.4, 0.4], class: 0)
        #expect(score.top1 == 1.0 / 3)
    }

    @Test("What is not a number is never right")
    func notANumber() {
        var score = ZeroShotScore(classes: 6)
        score.add(scores: Array(repeating: .nan, count: 6), class: 2)
        score.add(scores: [.nan, 0.9, 0.1, 0.1, 0.1, 0.1], class: 1)
        #expect(score.top1 == 0)
        #expect(score.top5 == 0.5)
        #expect(score.tallies[1].confusions == [0: 1])
    }

    @Test("What is not a number is wrong with few classes too, even with one", arguments: 1...5)
    func notANumberOfFew(classes: Int) {
        var score = ZeroShotScore(classes: classes)
        score.add(scores: [.nan] + Array(repeating: 0.5, count: classes - 1), class: 0)
        #expect(score.images == 1 && score.top1 == 0 && score.top5 == 0)
    }

    @Test("With fewer than five classes all of them count")
    func fewClasses() {
        var score = ZeroShotScore(classes: 3)
        #expect(score.depth == 3)
        score.add(scores: [0.3, 0.2, 0.1], class: 2)
        #expect(score.top1 == 0 && score.top5 == 1)
    }

    @Test("The most confused class is the most frequent wrong one, of several the first")
    func confusions() throws {
        var score = ZeroShotScore(classes: 4)
        for winner in [3, 2, 2, 3, 1] {
            var scores: [Float] = [0, 0, 0, 0]
            scores[winner] = 1
            score.add(scores: scores, class: 0)
        }
        let confused = try #require(score.tallies[0].mostConfused)
        #expect(confused.class == 2 && confused.count == 2)
        #expect(score.tallies[1].mostConfused == nil)
    }

    @Test("A class points where its prompts do on average, whatever their lengths")
    func directions() {
        var directions = ClassDirections(classes: 2)
        directions.add(Embedding(values: [100, 0]), to: 0)
        directions.add(Embedding(values: [0, 1]), to: 0)
        directions.add(Embedding(values: [0, 5]), to: 1)
        var image = EmbeddingTable()
        image.append(Embedding(values: [3, 3]))
        let cosines = directions.table.cosines(to: image, 0)
        #expect(abs(cosines[0] - 1) < 1e-6)
        #expect(abs(cosines[1] - Float(0.5).squareRoot()) < 1e-6)
    }

    @Test("Every name of a class stands in every template, a text once")
    func prompts() throws {
        let templates = [try PromptTemplate("a {}."), try PromptTemplate("{} or {}")]
        let prompts = ClassPrompts(names: [["cat", "고양이"], ["cat"]], templates: templates)
        #expect(prompts.texts == ["a cat.", "cat or cat", "a 고양이.", "고양이 or 고양이"])
        #expect(prompts.classes == [[0, 1], [0, 1], [0], [0]])
    }

    @Test("A template without a place for the label is refused; the defaults have one each")
    func templates() {
        #expect(throws: LabelFault.noPlace(template: 0)) { try PromptTemplate("a photo of a cat") }
        #expect(PromptTemplate.ensemble.count == 7)
        #expect(Set(PromptTemplate.ensemble.map { $0.prompt(for: "cat") }).count == 7)
        #expect(PromptTemplate.ensemble.allSatisfy { $0.prompt(for: "고양이").contains("고양이") })
    }

    @Test("Rows of a table of any width have the cosine of the embeddings", arguments: [1, 7, 8, 19, 512])
    func cosines(width: Int) {
        func embedding(_ phase: Double) -> Embedding {
            Embedding(values: (0..<width).map { Float(($0 * 37 + 11) % 23) * Float(phase) - 9 })
        }
        var table = EmbeddingTable()
        let rows = [0.5, 1.25, 3].map(embedding)
        for row in rows { table.append(row) }
        for (index, cosine) in table.cosines(to: table, 1).enumerated() {
            #expect(abs(cosine - rows[index].cosineSimilarity(to: rows[1])) < 1e-5)
            #expect(cosine == table.cosine(index, table, 1))
        }
    }
}
