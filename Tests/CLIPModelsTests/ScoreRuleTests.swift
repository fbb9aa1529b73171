import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("Zero-shot scores")
struct ScoreRuleTests {
    /// What a reference makes of a family's pictures and captions (`Scripts/goldens/scores.py`).
    private struct Golden: Decodable {
        let family: String
        let shape: [Int]
        let scale: Float
        let bias: Float?
        // (images, captions)
        let scores: [Float]
    }

    @Test("Scores of pictures among captions equal the reference's, whatever the family and the layout")
    func reference() throws {
        for golden in try Fixture.decode([Golden].self, from: "scores/scores.json") {
            let family = try FamilyGolden(golden.family)
            let model = try family.load {
                $0["logit_scale"] = TinyModel.Weight(shape: golden.shape, floats: [golden.scale])
                if let bias = golden.bias { $0["logit_bias"]?.floats = [bias] }
            }
            #expect(model.clip.scoring.isOfPairs == (golden.bias != nil), "\(golden.family)")
            let images = try model.clip.imageEmbeddings(of: family.pixels, in: model.context)
            let texts = try model.clip.textEmbeddings(of: family.captions, in: model.context)
            let captions = family.captions.count
            for image in 0..<family.images {
                let cosines = (0..<captions).map {
                    Float(
                        Closeness.leastCosine(
                            images.row(image, width: family.width),
                            texts.row($0, width: family.width),
                            width: family.width
                        )
                    )
                }
                let found = model.clip.scoring.scores(of: cosines)
                let expected = golden.scores.row(image, width: captions)
                for (one, other) in zip(found, expected) {
                    #expect(
                        abs(one - other) < 2e-6,
                        "\(golden.family), image \(image): \(found), \(expected)"
                    )
                }
            }
        }
    }

    @Test(
        "The scale of half precision, in either layout, alone or as a list of one",
        arguments: TinyModel.Layout.allCases,
        [[], [1]]
    )
    func stored(layout: TinyModel.Layout, shape: [Int]) throws {
        // Of 4, which every format holds.
        for type in [TinyModel.Weight.ElementType.f32, .f16, .bf16] {
            let model = try TinyModel.odd.load(
                layout,
                changing: { $0["logit_scale"] = TinyModel.Weight(shape: shape, floats: [4], type: type) }
            )
            #expect(model.clip.scoring == ScoreRule(scale: exp(4.0)), "\(type)")
        }
    }

    @Test("Without a scale it is CLIP's own, 100; with a bias labels are judged by themselves")
    func absent() throws {
        let bare = try TinyModel.odd.load(.openCLIP, changing: { $0["logit_scale"] = nil })
        #expect(bare.clip.scoring == ScoreRule(scale: 100, bias: nil))
        let biased = try TinyModel.odd.load(
            .transformers,
            changing: { $0["logit_bias"] = TinyModel.Weight(shape: [1], floats: [-12]) }
        )
        #expect(biased.clip.scoring == ScoreRule(scale: exp(4.0), bias: -12))
        #expect(biased.clip.scoring.isOfPairs)
    }

    @Test("A scale that is several numbers, or whose power is none, is refused by name")
    func unusable() throws {
        #expect(throws: ModelError.weights(.shapeMismatch(tensor: "logit_scale", expected: [], found: [2]))) {
            try TinyModel.odd.load(
                .openCLIP,
                changing: { $0["logit_scale"] = TinyModel.Weight(shape: [2], floats: [4, 4]) }
            )
        }
        #expect(throws: ModelError.scaleTooLarge(tensor: "logit_scale", value: 89)) {
            try TinyModel.odd.load(.openCLIP, changing: { $0["logit_scale"]?.floats = [89] })
        }
        _ = try TinyModel.odd.load(.openCLIP, changing: { $0["logit_scale"]?.floats = [88] })
    }

    @Test("Softmax sums to one and keeps the order, at any scale; sigmoids are from 0 to 1")
    func bounds() {
        let cosines: [Float] = [0.31, -1, 0.3, 1, 0.3, 0.299]
        for scale in [1e-3, 1, 100, 1e30] {
            let scores = ScoreRule(scale: scale).scores(of: cosines)
            #expect(abs(scores.reduce(0, +) - 1) < 1e-6)
            for (one, score) in zip(cosines, scores) {
                for (other, least) in zip(cosines, scores) where one > other { #expect(score >= least) }
            }
            let pairs = ScoreRule(scale: scale, bias: -10).scores(of: cosines)
            #expect(pairs.allSatisfy { (0...1).contains($0) })
        }
        #expect(ScoreRule().scores(of: []) == [])
        #expect(ScoreRule().scores(of: [0.5]) == [1])
        #expect(ScoreRule(scale: 1, bias: 0).scores(of: [0]) == [0.5])
    }
}
