import CLIPImaging
import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("One tower of a CLIP by itself")
struct OneTowerTests {
    private let model = TinyModel.odd

    private let captions: [[Int32]] = [[598, 5, 599], [598, 17, 300, 4, 599]]

    /// Loads a tower that `change` may have altered, with a configuration of its own or another.
    private func load(
        _ half: TinyModel.Half,
        configuration: String? = nil,
        changing change: (inout [String: TinyModel.Weight]) -> Void = { _ in }
    ) throws -> LoadedModel {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-tower-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try model.write(half, to: path, configuration: configuration, changing: change)
        let directory = try ModelDirectory(path: path)
        let shape = try ModelConfiguration(transformersConfig: directory.configuration())
        let engine = try ComputeEngine()
        let clip = try CLIPModel(
            configuration: shape,
            checkpoint: directory.weights(),
            layout: directory.layout,
            pixels: shape.vision.map {
                PixelTable(PreprocessingRecipe.openAI(imageSize: $0.imageSize).byteValues)
            },
            engine: engine
        )
        return LoadedModel(clip: clip, context: try ComputeContext(engine: engine))
    }

    private func expectSame(_ tower: LoadedModel, as whole: LoadedModel, _ half: TinyModel.Half) throws {
        switch half {
        case .vision:
            let pixels = model.pixels(count: 2)
            let found = try tower.imageEmbeddings(pixels: pixels, count: 2)
            #expect(try found == whole.imageEmbeddings(pixels: pixels, count: 2))
        case .text:
            #expect(try tower.textEmbeddings(tokens: captions) == whole.textEmbeddings(tokens: captions))
        }
    }

    @Test(
        "A tower gives the embeddings of the whole that it was taken out of",
        arguments: TinyModel.Half.allCases
    )
    func halves(half: TinyModel.Half) throws {
        try expectSame(try load(half), as: try model.load(.transformers), half)
    }

    @Test(
        "Names without the tower's before them, and a whole model's configuration whose architecture is one tower, mean the same",
        arguments: TinyModel.Half.allCases
    )
    func spellings(half: TinyModel.Half) throws {
        let whole = try model.load(.transformers)
        let bare = try load(half) { weights in
            weights = Dictionary(
                uniqueKeysWithValues: weights.map { name, weight in
                    (name.hasPrefix(half.prefix) ? String(name.dropFirst(half.prefix.count)) : name, weight)
                }
            )
        }
        try expectSame(bare, as: whole, half)
        let nested = model.configurationJSON(.transformers).replacing(
            #""CLIPModel""#,
            with: "\"\(half.className)\""
        )
        #expect(nested.contains(half.className))
        try expectSame(try load(half, configuration: nested), as: whole, half)
    }

    @Test("What the tower lacks it neither has nor takes, and says so", arguments: TinyModel.Half.allCases)
    func other(half: TinyModel.Half) throws {
        let tower = try load(half)
        let shape = tower.clip.configuration
        #expect((shape.vision == nil) == (half == .text) && (shape.text == nil) == (half == .vision))
        #expect(shape.embeddingWidth == model.embeddingWidth)
        switch half {
        case .vision:
            #expect(throws: ModelError.noTower(.text)) { try tower.textEmbeddings(tokens: captions) }
            #expect(tower.clip.textParts == 0 && tower.clip.tokensPerImage == 10)
        case .text:
            #expect(throws: ModelError.noTower(.image)) {
                try tower.imageEmbeddings(pixels: model.pixels(count: 1), count: 1)
            }
            #expect(tower.clip.imageParts == 0 && tower.clip.tokensPerImage == nil)
            #expect(tower.clip.imagesPerPass(of: 8) == 8 && !tower.clip.hasLargeOperations)
        }
    }

    // MARK: Files that contradict each other

    private func tensors(of half: TinyModel.Half) -> [String] {
        let names =
            half == .vision
            ? ["patch_embedding", "position_embedding"] : ["token_embedding", "position_embedding"]
        return names.map { "\(half.prefix)embeddings.\($0).weight" }
    }

    private func tower(_ half: TinyModel.Half) -> ModelConfiguration.Tower {
        half == .vision ? .image : .text
    }

    @Test(
        "A whole model's configuration over the weights of one tower is refused, with what is missing",
        arguments: TinyModel.Half.allCases
    )
    func wholeConfiguration(half: TinyModel.Half) throws {
        let missing = half.other
        #expect(throws: ModelError.towerNotStored(tower(missing), tensors: tensors(of: missing))) {
            try load(half, configuration: model.configurationJSON(.transformers))
        }
    }

    @Test(
        "The configuration of one tower over the weights of the other, or of both, is refused",
        arguments: TinyModel.Half.allCases
    )
    func otherWeights(half: TinyModel.Half) throws {
        let (own, other) = (tower(half), tower(half.other))
        #expect(throws: ModelError.towerNotStored(own, tensors: tensors(of: half))) {
            try load(half) { $0 = model.weights(of: half.other) }
        }
        #expect(throws: ModelError.towerNotDescribed(other, tensors: tensors(of: half.other))) {
            try load(half) { $0 = model.weights(.transformers) }
        }
    }

    @Test(
        "A tower without its projection is refused, as CLIPVisionModel and CLIPTextModel save it",
        arguments: TinyModel.Half.allCases
    )
    func withoutProjection(half: TinyModel.Half) throws {
        #expect(throws: ModelError.projectionNotStored(tensor: half.projection)) {
            try load(half) { $0[half.projection] = nil }
        }
        // Since version 5 these two leave out the beginning of names.
        #expect(throws: ModelError.projectionNotStored(tensor: half.projection)) {
            try load(half) { weights in
                weights[half.projection] = nil
                weights = Dictionary(
                    uniqueKeysWithValues: weights.map {
                        (String($0.key.dropFirst(half.prefix.count)), $0.value)
                    }
                )
            }
        }
    }

    @Test(
        "Weights of neither tower are refused by their first tensor that is missing",
        arguments: TinyModel.Half.allCases
    )
    func neither(half: TinyModel.Half) throws {
        let error = #expect(throws: ModelError.self) {
            try load(half) { $0 = ["classifier.weight": TinyModel.Weight(shape: [2], floats: [1, 2])] }
        }
        guard case .weights(.missingTensors(let names, _)) = try #require(error) else {
            Issue.record("\(error.map { "\($0)" } ?? "")")
            return
        }
        #expect(names[0].hasPrefix(half.prefix))
    }

    // MARK: Configurations

    @Test(
        "What model_type says is there",
        arguments: [
            ("clip", true, true), ("clip_vision_model", true, false), ("clip_text_model", false, true),
            ("metaclip_2", true, true), ("metaclip_2_vision_model", true, false),
            ("metaclip_2_text_model", false, true), ("siglip", true, true),
            ("siglip_vision_model", true, false), ("siglip_text_model", false, true),
        ]
    )
    func types(type: String, hasVision: Bool, hasText: Bool) throws {
        let json = #"{"model_type": "\#(type)", "vocab_size": 49408}"#
        let shape = try ModelConfiguration(transformersConfig: Array(json.utf8))
        #expect((shape.vision != nil) == hasVision && (shape.text != nil) == hasText)
        let whole = try ModelConfiguration.modelType(transformersConfig: Array(json.utf8))
        #expect(type.hasPrefix(whole) && ["clip", "metaclip_2", "siglip"].contains(whole))
    }

    @Test(
        "Types that are not known, and those of SigLIP 2 for images of any shape, are refused by their name",
        arguments: [
            "clip_audio_model", "clip_vision", "siglip2_vision_model", "siglip2_text_model",
            "chinese_clip_vision_model",
        ]
    )
    func unknownTypes(type: String) throws {
        let error = #expect(throws: ModelError.unsupportedSetting(key: "model_type", value: "\"\(type)\"")) {
            try ModelConfiguration(transformersConfig: Array(#"{"model_type": "\#(type)"}"#.utf8))
        }
        let sentence = "\(try #require(error))"
        #expect(sentence.contains(type) && sentence.contains("NaFlex") == type.hasPrefix("siglip2"))
        #expect(Words.faults(of: sentence) == [] && Words.hasRemedy(sentence))
    }

    @Test("A flat file is read at its top, by the defaults of its class")
    func flat() throws {
        func shape(_ json: String) throws -> ModelConfiguration {
            try ModelConfiguration(transformersConfig: Array(json.utf8))
        }
        let vision = try shape(
            #"{"model_type": "clip_vision_model", "projection_dim": 768, "hidden_size": 1024, "num_attention_heads": 16, "image_size": 336, "patch_size": 14, "vision_config": {"image_size": 32}}"#
        )
        #expect(vision.embeddingWidth == 768 && vision.vision?.imageSize == 336)
        let text = try shape(
            #"{"model_type": "clip_text_model", "hidden_size": 768, "num_attention_heads": 12, "eos_token_id": 2}"#
        )
        #expect(text.embeddingWidth == 512 && text.text?.pooling == .largestID)
        #expect(text.text?.encoder.width == 768 && text.text?.contextLength == 77)
        let other = try shape(#"{"model_type": "metaclip_2_text_model", "eos_token_id": 2}"#)
        #expect(other.text?.pooling == .first(id: 2))
        #expect(
            try shape(#"{"model_type": "siglip_vision_model", "hidden_size": 48, "num_attention_heads": 3}"#)
                .embeddingWidth == 48
        )
        #expect(
            try shape(#"{"model_type": "siglip_text_model", "projection_size": 40}"#).embeddingWidth == 40
        )
        #expect(throws: ModelError.unsupportedSetting(key: "vision_use_head", value: "false")) {
            try shape(#"{"model_type": "siglip_vision_model", "vision_use_head": false}"#)
        }
        #expect(
            throws: ModelError.invalidSetting(key: "hidden_size", expected: "a whole number from 1 to 8192")
        ) {
            try shape(#"{"model_type": "clip_text_model", "hidden_size": 1e9}"#)
        }
    }

    @Test(
        "One tower under architectures counts only where it is the only one that is named",
        arguments: [
            (#"["CLIPModel"]"#, true, true), (#"["CLIPVisionModelWithProjection"]"#, true, false),
            (#"["CLIPTextModelWithProjection"]"#, false, true),
            (#"["CLIPModel", "CLIPVisionModelWithProjection"]"#, true, true), ("[]", true, true),
            ("null", true, true), (#"[3]"#, true, true), (#""CLIPTextModelWithProjection""#, true, true),
            (#"["SiglipVisionModel"]"#, true, true),
        ]
    )
    func architectures(names: String, hasVision: Bool, hasText: Bool) throws {
        let json =
            #"{"model_type": "clip", "architectures": \#(names), "projection_dim": 96, "vision_config": {"image_size": 32}}"#
        let shape = try ModelConfiguration(transformersConfig: Array(json.utf8))
        #expect((shape.vision != nil) == hasVision && (shape.text != nil) == hasText)
        #expect(shape.embeddingWidth == 96)
        if hasVision { #expect(shape.vision?.imageSize == 32) }
    }
}
