import CLIPKernels
import CLIPModels
import CLIPTestSupport
import Testing

@Suite("Model configurations")
struct ModelConfigurationTests {
    private func transformers(_ json: String) throws(ModelError) -> ModelConfiguration {
        try ModelConfiguration(transformersConfig: Array(json.utf8))
    }

    private func openCLIP(_ json: String) throws(ModelError) -> ModelConfiguration {
        try ModelConfiguration(openCLIPConfig: Array(json.utf8))
    }

    /// An open_clip configuration with additions to each of its three objects.
    private func openCLIP(
        root: String = "",
        vision: String = "",
        text: String = ""
    ) throws(ModelError) -> ModelConfiguration {
        func object(_ start: String, _ more: String) -> String {
            "{\(start)\(more.isEmpty ? "" : ", \(more)")}"
        }
        let towers = """
            "embed_dim": 512, "vision_cfg": \(object(#""timm_drop": 0"#, vision)),
            "text_cfg": \(object(#""pad_id": 0"#, text))
            """
        return try openCLIP(#"{"model_cfg": \#(object(towers, root))}"#)
    }

    @Test("An empty config.json is ViT-B/32, as in transformers")
    func transformersDefaults() throws {
        let configuration = try transformers("{}")
        #expect(configuration.embeddingWidth == 512)
        let vision = try configuration.transformer
        #expect(configuration.vision?.imageSize == 224 && vision.patchSize == 32)
        #expect(vision.tokens(imageSize: 224) == 50)
        let encoder = vision.encoder
        #expect(
            encoder.width == 768 && encoder.layers == 12 && encoder.heads == 12 && encoder.mlpWidth == 3072
        )
        #expect(encoder.activation == .quickGELU && encoder.layerNormEpsilon == 1e-5)
        #expect(configuration.text?.contextLength == 77 && configuration.text?.vocabularySize == 49_408)
        #expect(configuration.text?.pooling == .first(id: 49_407))
        #expect(configuration.text?.encoder.width == 512 && configuration.text?.encoder.heads == 8)
        #expect(configuration.text?.encoder.mlpWidth == 2048)
    }

    @Test("open_clip's defaults differ: GELU, patches of 16, the largest id")
    func openCLIPDefaults() throws {
        let configuration = try openCLIP()
        let vision = try configuration.transformer
        #expect(configuration.vision?.imageSize == 224 && vision.patchSize == 16)
        #expect(vision.encoder.heads == 12 && vision.encoder.mlpWidth == 3072)
        #expect(vision.encoder.activation == .gelu)
        #expect(configuration.text?.encoder.activation == .gelu)
        #expect(configuration.text?.pooling == .largestID)
    }

    @Test("Both layouts of one model have one configuration", arguments: [TinyModel.quick, .odd])
    func layoutsAgree(model: TinyModel) throws {
        var one = try transformers(model.configurationJSON(.transformers))
        let other = try openCLIP(model.configurationJSON(.openCLIP))
        #expect(one.text?.pooling == .first(id: Int32(model.vocabularySize - 1)))
        one.text?.pooling = .largestID
        #expect(one == other)
    }

    @Test("Old files with text_config_dict and an end-of-text of 2 mean what they mean to transformers")
    func legacy() throws {
        let configuration = try transformers(
            """
            {"text_config": {"hidden_size": 512}, "text_config_dict": {"hidden_size": 768, "num_attention_heads": 12,
              "eos_token_id": 2, "intermediate_size": 3072}, "vision_config_dict": null}
            """
        )
        #expect(configuration.text?.encoder.width == 768)
        #expect(configuration.text?.pooling == .largestID)
        #expect(try configuration.transformer.encoder.width == 768)
    }

    @Test(
        "Every spelling of an activation",
        arguments: [
            ("quick_gelu", Activation.quickGELU), ("gelu", .gelu), ("gelu_new", .tanhGELU),
            ("gelu_pytorch_tanh", .tanhGELU),
        ]
    )
    func activations(name: String, activation: Activation) throws {
        let configuration = try transformers(#"{"vision_config": {"hidden_act": "\#(name)"}}"#)
        #expect(try configuration.transformer.encoder.activation == activation)
        #expect(configuration.text?.encoder.activation == .quickGELU)
    }

    @Test("open_clip's other ways to write things")
    func openCLIPVariants() throws {
        let configuration = try openCLIP(
            root: #""quick_gelu": false, "custom_text": false, "init_logit_bias": null"#,
            vision: """
                "width": 1664, "head_width": 104, "mlp_ratio": 4.9231, "image_size": [336, 336], "patch_size": 14,
                "patch_dropout": 0.5, "act_kwargs": {"approximate": "tanh"}, "norm_kwargs": {"eps": 1e-6}
                """,
            text: #""pool_type": "eos", "eos_id": 49407, "act_kwargs": {"approximate": "none"}"#
        )
        let vision = try configuration.transformer
        #expect(vision.encoder.heads == 16)
        #expect(vision.encoder.mlpWidth == 8192)
        #expect(configuration.vision?.imageSize == 336 && vision.tokens(imageSize: 336) == 577)
        #expect(vision.encoder.layerNormEpsilon == 1e-6)
        #expect(vision.encoder.activation == .tanhGELU)
        #expect(configuration.text?.encoder.activation == .gelu)
        #expect(configuration.text?.pooling == .first(id: 49_407))
        let quick = try openCLIP(root: #""quick_gelu": true"#)
        #expect(try quick.transformer.encoder.activation == .quickGELU)
        #expect(quick.text?.encoder.activation == .quickGELU)
    }

    @Test("open_clip's file without the wrapper that others have")
    func bareOpenCLIP() throws {
        let inner = #"{"embed_dim": 512, "vision_cfg": {"width": 768}, "text_cfg": {"width": 512}}"#
        #expect(try openCLIP(inner) == openCLIP(#"{"model_cfg": \#(inner)}"#))
    }

    @Test(
        "Sizes that contradict each other where there is no projection, or timm's network is made for another image"
    )
    func contradictions() {
        let bad: [(vision: String, text: String, key: String)] = [
            (
                #""timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "timm_proj": "none""#,
                "",
                "embed_dim"
            ),
            (
                #""timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "image_size": 256"#,
                "",
                "model_cfg.vision_cfg.image_size"
            ),
            ("", #""width": 768, "proj_type": "none""#, "model_cfg.text_cfg.width"),
        ]
        for (vision, text, key) in bad {
            #expect("\(vision) \(text)") { try openCLIP(vision: vision, text: text) } throws: { error in
                guard case ModelError.invalidSetting(key, _) = error else { return false }
                return true
            }
        }
    }

    @Test("The defaults of SigLIP in transformers")
    func sigLIPDefaults() throws {
        let configuration = try transformers(#"{"model_type": "siglip"}"#)
        let vision = try configuration.transformer
        #expect(configuration.embeddingWidth == 768 && configuration.vision?.imageSize == 224)
        #expect(vision.patchSize == 16 && vision.tokens(imageSize: 224) == 196)
        #expect(vision.encoder.activation == .tanhGELU && vision.encoder.layerNormEpsilon == 1e-6)
        #expect(vision.projection == .none && configuration.text?.projection == .biased)
        #expect(configuration.text?.contextLength == 64 && configuration.text?.vocabularySize == 32_000)
        #expect(configuration.text?.pooling == .last && configuration.text?.readsWholeContext == true)
    }

    @Test("MetaCLIP 2 pools the end-of-text that it names, also where that is 2")
    func metaCLIP2() throws {
        let text = #""text_config": {"vocab_size": 600, "eos_token_id": 2}"#
        let clip = try transformers("{\(text)}")
        #expect(clip.text?.pooling == .largestID)
        let other = try transformers(#"{"model_type": "metaclip_2", \#(text)}"#)
        #expect(other.text?.pooling == .first(id: 2))
    }

    @Test(
        "What is not JSON, or not an object",
        arguments: ["", "{", "[]", "null", "3", "\"clip\"", "{\"a\": \u{1}}", "["]
    )
    func malformed(json: String) {
        // Deeper than any reader should follow it.
        let json = json == "[" ? String(repeating: json, count: 100_000) : json
        #expect(throws: ModelError.malformedConfiguration) { try transformers(json) }
        #expect(throws: ModelError.malformedConfiguration) { try openCLIP(json) }
    }

    @Test("Settings that must be there")
    func missing() {
        #expect(throws: ModelError.missingSetting(key: "embed_dim")) { try openCLIP("{}") }
        #expect(throws: ModelError.missingSetting(key: "model_cfg.embed_dim")) {
            try openCLIP(#"{"model_cfg": {"vision_cfg": {}, "text_cfg": {}}}"#)
        }
        #expect(throws: ModelError.missingSetting(key: "model_cfg.vision_cfg")) {
            try openCLIP(#"{"model_cfg": {"embed_dim": 8, "text_cfg": {}}}"#)
        }
        #expect(throws: ModelError.missingSetting(key: "model_cfg.text_cfg")) {
            try openCLIP(#"{"model_cfg": {"embed_dim": 8, "vision_cfg": {}}}"#)
        }
    }

    @Test(
        "Numbers that no CLIP has",
        arguments: [
            ("hidden_size", "0"), ("hidden_size", "-768"), ("hidden_size", "1e30"), ("hidden_size", "768.5"),
            ("hidden_size", "\"768\""), ("hidden_size", "9223372036854775807"), ("hidden_size", "true"),
            ("num_hidden_layers", "0"), ("num_hidden_layers", "1000000"), ("num_attention_heads", "0"),
            ("num_attention_heads", "7"), ("intermediate_size", "9999999999"), ("image_size", "0"),
            ("image_size", "100000"), ("image_size", "[224, 336]"), ("image_size", "[224]"),
            ("image_size", "16"),
            ("patch_size", "0"), ("patch_size", "1"), ("patch_size", "{}"), ("layer_norm_eps", "0"),
            ("layer_norm_eps", "-1e-5"), ("layer_norm_eps", "1e300"), ("hidden_act", "3"),
        ]
    )
    func invalidVisionNumbers(key: String, value: String) {
        let named = key == "patch_size" && value == "1" ? "image_size" : key
        #expect("\(key): \(value)") {
            try transformers(#"{"vision_config": {"\#(key)": \#(value)}}"#)
        } throws: { error in
            guard case ModelError.invalidSetting(let key, _) = error else { return false }
            return key == "vision_config.\(named)"
        }
    }

    @Test(
        "Numbers that no text tower has",
        arguments: [
            ("max_position_embeddings", "0"), ("max_position_embeddings", "1"),
            ("max_position_embeddings", "1000000"), ("vocab_size", "0"),
            ("vocab_size", "99999999999"), ("eos_token_id", "49408"), ("eos_token_id", "-1"),
            ("eos_token_id", "[1, 2]"),
        ]
    )
    func invalidTextNumbers(key: String, value: String) {
        #expect("\(key): \(value)") {
            try transformers(#"{"text_config": {"\#(key)": \#(value)}}"#)
        } throws: { error in
            guard case ModelError.invalidSetting("text_config.\(key)", _) = error else { return false }
            return true
        }
    }

    @Test("An open_clip head width, MLP ratio or flag that cannot be")
    func invalidOpenCLIP() {
        let bad: [(vision: String, key: String)] = [
            (#""head_width": 50"#, "head_width"), (#""head_width": 1"#, "head_width"),
            (#""mlp_ratio": 0.0001"#, "mlp_ratio"), (#""mlp_ratio": -4"#, "mlp_ratio"),
            (#""norm_kwargs": 3"#, "norm_kwargs"),
            (#""act_kwargs": {"approximate": "erf"}"#, "act_kwargs.approximate"),
        ]
        for (vision, key) in bad {
            #expect("\(vision)") { try openCLIP(vision: vision) } throws: { error in
                guard case ModelError.invalidSetting("model_cfg.vision_cfg.\(key)", _) = error else {
                    return false
                }
                return true
            }
        }
        #expect(throws: ModelError.invalidSetting(key: "model_cfg.quick_gelu", expected: "true or false")) {
            try openCLIP(root: #""quick_gelu": "yes""#)
        }
        #expect(throws: ModelError.invalidSetting(key: "model_cfg.text_cfg", expected: "an object")) {
            try openCLIP(#"{"model_cfg": {"embed_dim": 8, "vision_cfg": {}, "text_cfg": []}}"#)
        }
    }

    @Test(
        "An image tower that is not built, by the name of the setting",
        arguments: [
            (#""timm_model_name": "vit_base""#, "timm_model_name"),
            (#""timm_model_name": "convnext_base", "timm_pool": """#, "timm_model_name"),
            (#""timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "avg""#, "timm_pool"),
            (
                #""timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "timm_proj": "mlp""#,
                "timm_proj"
            ),
            (#""attentional_pool": true"#, "attentional_pool"),
            (#""pool_type": "none""#, "pool_type"), (#""pos_embed_type": "rotary""#, "pos_embed_type"),
            (#""output_tokens": true"#, "output_tokens"),
            (#""qk_norm": true"#, "qk_norm"), (#""scale_fc": true"#, "scale_fc"),
            (#""block_type": "custom""#, "block_type"), (#""something_new": 1"#, "something_new"),
            (#""norm_kwargs": {"bias": false}"#, "norm_kwargs.bias"),
        ]
    )
    func unsupportedVision(setting: String, key: String) {
        #expect("\(setting)") { try openCLIP(vision: setting) } throws: { error in
            guard case ModelError.unsupportedSetting("model_cfg.vision_cfg.\(key)", _) = error else {
                return false
            }
            return true
        }
    }

    @Test(
        "A text tower that is not built, by the name of the setting",
        arguments: [
            (#""hf_model_name": "roberta-base""#, "hf_model_name"), (#""pool_type": "first""#, "pool_type"),
            (#""embed_cls": true"#, "embed_cls"), (#""proj_type": "mlp""#, "proj_type"),
        ]
    )
    func unsupportedText(setting: String, key: String) {
        #expect("\(setting)") { try openCLIP(text: setting) } throws: { error in
            guard case ModelError.unsupportedSetting("model_cfg.text_cfg.\(key)", _) = error else {
                return false
            }
            return true
        }
    }

    @Test("Another kind of model")
    func unsupportedModels() {
        #expect(throws: ModelError.unsupportedSetting(key: "text_config.is_causal", value: "false")) {
            try transformers(#"{"text_config": {"is_causal": false}}"#)
        }
        let classifier = ModelError.unsupportedSetting(
            key: "architectures",
            value: "\"CLIPForImageClassification\""
        )
        #expect(throws: classifier) {
            try transformers(#"{"architectures": ["CLIPForImageClassification"]}"#)
        }
        #expect(throws: ModelError.unsupportedSetting(key: "model_type", value: "\"siglip2\"")) {
            try transformers(#"{"model_type": "siglip2"}"#)
        }
        #expect(throws: ModelError.unsupportedSetting(key: "vision_config.num_channels", value: "1.0")) {
            try transformers(#"{"vision_config": {"num_channels": 1}}"#)
        }
        #expect(throws: ModelError.unsupportedSetting(key: "text_config.hidden_act", value: "\"silu\"")) {
            try transformers(#"{"text_config": {"hidden_act": "silu"}}"#)
        }
        #expect(throws: ModelError.unsupportedSetting(key: "model_cfg.multimodal_cfg", value: "an object")) {
            try openCLIP(root: #""multimodal_cfg": {}"#)
        }
    }
}

extension ModelConfiguration {
    /// The image tower, which has to be a vision transformer.
    fileprivate var transformer: PatchTransformer {
        get throws {
            guard case .transformer(let transformer) = vision?.architecture else {
                throw ModelError.unsupportedSetting(key: "architecture", value: "a ResNet")
            }
            return transformer
        }
    }
}
