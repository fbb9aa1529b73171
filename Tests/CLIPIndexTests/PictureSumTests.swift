import CLIPEngine
import CLIPIndex
import CLIPTestSupport
import Testing

@Suite("What is added up to be searched for")
struct PictureSumTests {
    private let model = IndexedModel(name: "two", precision: "f32", sample: [1, 0])

    @Test("Vectors count with their weights, and the sum has length one")
    func sums() throws {
        let sum = try PictureSearch.sum(of: [[1, 0], [0, 1]], weighted: [3, -4], for: model)
        #expect(sum == [0.6, -0.8])
        #expect(try PictureSearch.sum(of: [[0, 1]], weighted: [2], for: model) == [0, 1])
    }

    @Test("What leaves nothing is refused")
    func nothing() {
        #expect(throws: PictureSearchError.cancelsOut) {
            try PictureSearch.sum(of: [[1, 0], [1, 0]], weighted: [1, -1], for: model)
        }
        #expect(throws: PictureSearchError.cancelsOut) {
            try PictureSearch.sum(of: [], weighted: [], for: model)
        }
    }

    @Test(
        "A vector that is not as wide as those of the index is another model's, wherever it stands",
        arguments: [[[1, 0], [1, 0, 0]], [[1, 0, 0], [1, 0]], [[1, 0, 0]], [[1, 0, 0], [0, 1, 0]]]
            as [[[Float]]]
    )
    func widths(parts: [[Float]]) {
        #expect(throws: PictureSearchError.index(.otherModel(.width(index: 2, given: 3)))) {
            try PictureSearch.sum(of: parts, weighted: parts.map { _ in 1 }, for: model)
        }
        #expect(throws: PictureSearchError.index(.otherModel(.width(index: 2, given: 0)))) {
            try PictureSearch.sum(of: [[]] + parts, weighted: [1] + parts.map { _ in 1 }, for: model)
        }
    }
}
