import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("The words of model errors")
struct WordsTests {
    @Test("Every error is a sentence that says what to do, those of weights and kernels in their own words")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "malformedConfiguration": ModelError.malformedConfiguration,
            "missingSetting": ModelError.missingSetting(key: "model_cfg"),
            "invalidSetting": ModelError.invalidSetting(
                key: "vision_cfg.width",
                expected: "a number above 0"
            ),
            "unsupportedSetting": ModelError.unsupportedSetting(key: "model_type", value: "\"siglip\""),
            "towerNotStored": ModelError.towerNotStored(.image, tensors: ["a", "b"]),
            "towerNotDescribed": ModelError.towerNotDescribed(.text, tensors: ["a", "b"]),
            "projectionNotStored": ModelError.projectionNotStored(tensor: "visual_projection.weight"),
            "scaleTooLarge": ModelError.scaleTooLarge(tensor: "logit_scale", value: 100),
            "noTower": ModelError.noTower(.text),
            "weights": ModelError.weights(.missingTensors(names: ["a"], count: 1)),
            "kernels": ModelError.kernels(.outOfMemory(byteCount: 64)),
            "wrongPixelByteCount": ModelError.wrongPixelByteCount(expected: 3, found: 2),
            "tooManyTokens": ModelError.tooManyTokens(count: 78, limit: 77),
            "tooFewTokens": ModelError.tooFewTokens(count: 63, contextLength: 64),
            "tokenOutOfVocabulary": ModelError.tokenOutOfVocabulary(id: 9, vocabularySize: 8),
            "noEndOfText": ModelError.noEndOfText(caption: 0),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "ModelError",
            in: "CLIPModels/ModelError.swift"
        )
        #expect(complaints == [])
    }
}
