import CLIPKernels

extension ModelConfiguration {
    /// Reads an `open_clip_config.json` as open_clip (3.x) reads its `model_cfg`.
    ///
    /// open_clip can build many networks other than an OpenAI-style CLIP. A setting that asks for one is refused by
    /// name, and so is an unknown setting.
    public init(openCLIPConfig json: [UInt8]) throws(ModelError) {
        try self.init(openCLIPConfig: json, trunks: TimmTrunk.known)
    }

    /// - Parameter trunks: the timm networks that a file may name.
    package init(openCLIPConfig json: [UInt8], trunks: [TimmTrunk]) throws(ModelError) {
        let file = try ConfigurationReader(json: json)
        // open_clip also accepts a file that has only what other files have below this key.
        let root = try file.object("model_cfg") ?? file
        try root.requireOnly([
            "embed_dim", "vision_cfg", "text_cfg", "quick_gelu",
            // This chooses the open_clip class that holds the towers, which the names of the tensors show anyway.
            "custom_text",
            // The following settings concern the start of training, or how outputs are wrapped.
            "init_logit_scale", "init_logit_bias", "nonscalar_logit_scale", "cast_dtype", "output_dict",
        ])
        embeddingWidth = try root.integer("embed_dim", in: ModelBounds.embeddingWidth)
        let isQuick = try root.bool("quick_gelu", default: false)
        guard let vision = try root.object("vision_cfg") else {
            throw .missingSetting(key: root.fullName("vision_cfg"))
        }
        guard let text = try root.object("text_cfg") else {
            throw .missingSetting(key: root.fullName("text_cfg"))
        }
        if let name = try vision.name("timm_model_name") {
            self.vision = try Self.openCLIPTrunk(
                vision,
                name: name,
                trunks: trunks,
                embeddingWidth: embeddingWidth
            )
        } else {
            self.vision = try Self.openCLIPVision(vision, isQuick: isQuick)
        }
        self.text = try Self.openCLIPText(text, isQuick: isQuick, embeddingWidth: embeddingWidth)
    }

    private static func openCLIPVision(
        _ tower: ConfigurationReader,
        isQuick: Bool
    ) throws(ModelError) -> Vision {
        if case .list(let layers)? = tower.value("layers") {
            return try openCLIPResNet(tower, layers: layers)
        }
        return try openCLIPTransformer(tower, isQuick: isQuick)
    }

    private static func openCLIPTransformer(
        _ tower: ConfigurationReader,
        isQuick: Bool
    ) throws(ModelError) -> Vision {
        try tower.require("attentional_pool", toBe: .bool(false))
        // sin_cos_2d only says how positions were initialised; the checkpoint has them.
        let positions = try tower.string("pos_embed_type", default: "learnable")
        guard ["learnable", "sin_cos_2d"].contains(positions) else {
            throw .unsupportedSetting(
                key: tower.fullName("pos_embed_type"),
                value: ConfigurationValue.string(positions).description
            )
        }
        try requireStandardTower(
            tower,
            known: [
                "head_width", "patch_size", "image_size", "attentional_pool", "no_ln_pre", "pos_embed_type",
                "timm_model_name",
                // These settings only matter to what is refused above, or only in training.
                "patch_dropout", "attn_pooler_queries", "attn_pooler_heads", "timm_model_pretrained",
                "timm_pool",
                "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path",
            ]
        )
        let width = try tower.integer("width", default: 768, in: ModelBounds.width)
        let headWidth = try tower.integer("head_width", default: 64, in: ModelBounds.width)
        guard width % headWidth == 0, ModelBounds.heads.contains(width / headWidth) else {
            throw .invalidSetting(
                key: tower.fullName("head_width"),
                expected: "a divisor of the width, \(width)"
            )
        }
        let imageSize = try tower.side("image_size", default: 224, in: ModelBounds.imageSize)
        let transformer = PatchTransformer(
            patchSize: try tower.side("patch_size", default: 16, in: ModelBounds.patchSize),
            encoder: try openCLIPEncoder(tower, width: width, heads: width / headWidth, isQuick: isQuick),
            hasInputNorm: try !tower.bool("no_ln_pre", default: false),
            pooling: try imagePooling(tower)
        )
        try transformer.checkPatches(imageSize: imageSize, key: tower.fullName("image_size"))
        return Vision(imageSize: imageSize, architecture: .transformer(transformer))
    }

    private static func imagePooling(_ tower: ConfigurationReader) throws(ModelError) -> ImagePooling {
        let name = try tower.string("pool_type", default: "tok")
        switch name {
        case "tok": return .classToken
        case "avg": return .mean(normalisesFirst: try !tower.bool("final_ln_after_pool", default: false))
        default:
            throw .unsupportedSetting(
                key: tower.fullName("pool_type"),
                value: ConfigurationValue.string(name).description
            )
        }
    }

    private static func openCLIPText(
        _ tower: ConfigurationReader,
        isQuick: Bool,
        embeddingWidth: Int
    ) throws(ModelError) -> Text {
        try tower.require("hf_model_name", toBe: .null)
        try tower.require("embed_cls", toBe: .bool(false))
        try requireStandardTower(
            tower,
            known: [
                "context_length", "vocab_size", "heads", "eos_id", "embed_cls", "no_causal_mask", "proj_bias",
                "proj_type", "hf_model_name", "hf_tokenizer_name", "tokenizer_mode", "tokenizer_kwargs",
                // These settings only matter to what is refused above, or to the tokenizer, which has a reader of its
                // own.
                "pad_id", "hf_model_pretrained", "hf_proj_type", "hf_pooler_type",
            ]
        )
        let width = try tower.integer("width", default: 512, in: ModelBounds.width)
        let heads = try tower.integer("heads", default: 8, in: ModelBounds.heads)
        guard width % heads == 0 else {
            throw .invalidSetting(key: tower.fullName("heads"), expected: "a divisor of the width, \(width)")
        }
        let vocabularySize = try tower.integer("vocab_size", default: 49_408, in: ModelBounds.vocabularySize)
        return Text(
            contextLength: try tower.integer("context_length", default: 77, in: ModelBounds.contextLength),
            vocabularySize: vocabularySize,
            pooling: try textPooling(tower, vocabularySize: vocabularySize),
            encoder: try openCLIPEncoder(tower, width: width, heads: heads, isQuick: isQuick),
            isCausal: try !tower.bool("no_causal_mask", default: false),
            projection: try textProjection(tower, width: width, embeddingWidth: embeddingWidth)
        )
    }

    private static func textProjection(
        _ tower: ConfigurationReader,
        width: Int,
        embeddingWidth: Int
    ) throws(ModelError) -> Projection {
        let type = try tower.string("proj_type", default: "linear")
        switch type {
        case "linear": return try tower.bool("proj_bias", default: false) ? .biased : .plain
        case "none":
            guard width == embeddingWidth else {
                throw .invalidSetting(
                    key: tower.fullName("width"),
                    expected: "embed_dim, \(embeddingWidth), where there is no projection"
                )
            }
            return .none
        default:
            throw .unsupportedSetting(
                key: tower.fullName("proj_type"),
                value: ConfigurationValue.string(type).description
            )
        }
    }

    private static func textPooling(
        _ tower: ConfigurationReader,
        vocabularySize: Int
    ) throws(ModelError) -> TextPooling {
        let name = try tower.string("pool_type", default: "argmax")
        switch name {
        case "argmax": return .largestID
        case "eos":
            let id = try tower.integer("eos_id", default: 2, in: 0...vocabularySize - 1)
            return .first(id: Int32(id))
        case "last": return .last
        default:
            throw .unsupportedSetting(
                key: tower.fullName("pool_type"),
                value: ConfigurationValue.string(name).description
            )
        }
    }

    /// Refuses what open_clip can add to the blocks of either tower.
    private static func requireStandardTower(
        _ tower: ConfigurationReader,
        known: Set<String>
    ) throws(ModelError) {
        try tower.require("output_tokens", toBe: .bool(false))
        try tower.require("block_type", toBe: .string("default"))
        let additions = [
            "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc",
        ]
        for key in additions { try tower.require(key, toBe: .bool(false)) }
        try tower.requireOnly(
            known.union(additions).union([
                "width", "layers", "mlp_ratio", "pool_type", "act_kwargs", "norm_kwargs", "ls_init_value",
                "output_tokens", "block_type",
                // The norm works row by row, so for a single pooled row its place does not matter.
                "final_ln_after_pool",
            ])
        )
    }

    private static func openCLIPEncoder(
        _ tower: ConfigurationReader,
        width: Int,
        heads: Int,
        isQuick: Bool
    ) throws(ModelError) -> Encoder {
        let ratio = try tower.positive("mlp_ratio", default: 4, limit: 64)
        let mlpWidth = Int(Double(width) * ratio)  // rounded down, as by Python's int()
        guard ModelBounds.mlpWidth.contains(mlpWidth) else {
            throw .invalidSetting(
                key: tower.fullName("mlp_ratio"),
                expected: "a ratio that gives an MLP of 1 to 65536"
            )
        }
        let norm = try tower.firstObject("norm_kwargs")
        try norm.requireOnly(["eps"])
        let gelu = try tower.firstObject("act_kwargs")
        try gelu.requireOnly(isQuick ? [] : ["approximate"])
        let approximation = try gelu.string("approximate", default: "none")
        guard ["none", "tanh"].contains(approximation) else {
            throw .invalidSetting(key: gelu.fullName("approximate"), expected: "\"none\" or \"tanh\"")
        }
        return Encoder(
            width: width,
            layers: try tower.integer("layers", default: 12, in: ModelBounds.layers),
            heads: heads,
            mlpWidth: mlpWidth,
            activation: isQuick ? .quickGELU : approximation == "tanh" ? .tanhGELU : .gelu,
            layerNormEpsilon: Float(try norm.positive("eps", default: 1e-5, limit: 1)),
            hasGains: tower.value("ls_init_value") != nil
        )
    }
}
