import CLIPEngine
import CLIPEvaluation
import Foundation
import Testing

@Suite("Retrieval scores")
struct RetrievalScoreTests {
    /// Rows at these angles, in degrees, on a circle: the nearer, the more alike.
    private func table(_ degrees: [Double]) -> EmbeddingTable {
        var table = EmbeddingTable()
        for angle in degrees {
            let turn = angle * .pi / 180
            table.append(Embedding(values: [Float(cos(turn)), Float(sin(turn))]))
        }
        return table
    }

    @Test("Any of a picture's own captions is right, only its own picture is right for a caption")
    func constructed() {
        let pairs = [(0, 0), (1, 0), (2, 1), (3, 2)].map(RetrievalScore.Pair.init(text:image:))
        let score = RetrievalScore(
            images: table([0, 20, 90]),
            // The first picture has one caption at its side and one beside the third picture. The second one's caption
            // is nearer to the first picture, and another's caption nearer to the second picture than its own.
            texts: table([12, 85, 2, 88]),
            pairs: pairs
        )
        // Picture at 0: the nearest text is at 2, another's; then its own at 12. Picture at 20: 12 is another's, then
        // its own. Picture at 90: 88 is its own.
        #expect(score.imageToText.at1 == 1.0 / 3)
        #expect(score.imageToText.at5 == 1)
        // Text at 12: the nearest picture is at 20, another's. At 85: 90 and 20 are others'. At 2: 0 is another's. At 88:
        // its own.
        #expect(score.textToImage.at1 == 1.0 / 4)
        #expect(score.textToImage.at5 == 1 && score.textToImage.at10 == 1)
    }

    @Test("Depths of one, five and ten are told apart")
    func depths() {
        // Twelve pictures in a row, all captions at the first one: picture n is found in place n + 1.
        let images = table((0..<12).map { Double($0) * 5 })
        let pairs = (0..<12).map { RetrievalScore.Pair(text: $0, image: $0) }
        let score = RetrievalScore(images: images, texts: table(Array(repeating: 0, count: 12)), pairs: pairs)
        #expect(score.textToImage.at1 == 1.0 / 12)
        #expect(score.textToImage.at5 == 5.0 / 12)
        #expect(score.textToImage.at10 == 10.0 / 12)
    }

    @Test("A wrong answer that scores the same as the right one stands before it")
    func ties() {
        let pairs = (0..<6).map { RetrievalScore.Pair(text: 0, image: $0) }
        let score = RetrievalScore(
            images: table(Array(repeating: 30, count: 6)),
            texts: table([10]),
            pairs: pairs
        )
        #expect(score.imageToText.at1 == 0 && score.imageToText.at5 == 0 && score.imageToText.at10 == 1)
        #expect(score.textToImage.at1 == 0 && score.textToImage.at5 == 0 && score.textToImage.at10 == 1)
    }
}
