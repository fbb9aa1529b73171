import CLIPKernels

extension ModelConfiguration {
    /// Reads a `config.json` as `transformers` (5.x) does for its `CLIPModel`, `MetaClip2Model` or `SiglipModel`.
    ///
    /// Single towers of these are read too (`CLIPVisionModelWithProjection`, `SiglipTextModel`, ...). A setting that
    /// the file leaves out has that library's default, which for CLIP is ViT-B/32.
    public init(transformersConfig json: [UInt8]) throws(ModelError) {
        let file = try TransformersConfiguration(json: json)
        try file.root.require("quantization_config", toBe: .null)
        switch file.family {
        case .clip, .metaCLIP2: try self.init(clip: file)
        case .sigLIP: try self.init(sigLIP: file)
        }
    }

    /// The kind of model that a `config.json` names, such as `siglip`; for a single tower, the kind of the whole model.
    public static func modelType(transformersConfig json: [UInt8]) throws(ModelError) -> String {
        try TransformersConfiguration(json: json).family.rawValue
    }

    /// Reads a CLIP, or a MetaCLIP 2, which differs in the token of a text that is pooled.
    private init(clip file: TransformersConfiguration) throws(ModelError) {
        var width = try file.root.integer("projection_dim", default: 512, in: ModelBounds.embeddingWidth)
        // The class of a single tower reads that tower's settings.
        if let tower = file.only {
            width = try tower.integer("projection_dim", default: width, in: ModelBounds.embeddingWidth)
        }
        embeddingWidth = width
        vision = try file.vision.map(Self.clipVision)
        text = try file.text.map { (tower) throws(ModelError) in
            try Self.clipText(tower, isMetaCLIP2: file.family == .metaCLIP2)
        }
    }

    private static func clipVision(_ vision: ConfigurationReader) throws(ModelError) -> Vision {
        try vision.require("num_channels", toBe: .number(Double(PixelTable.channels)))
        let imageSize = try vision.side("image_size", default: 224, in: ModelBounds.imageSize)
        let transformer = PatchTransformer(
            patchSize: try vision.side("patch_size", default: 32, in: ModelBounds.patchSize),
            encoder: try Self.transformersEncoder(
                vision,
                defaults: TowerDefaults(width: 768, heads: 12, mlpWidth: 3_072)
            )
        )
        try transformer.checkPatches(imageSize: imageSize, key: vision.fullName("image_size"))
        return Vision(imageSize: imageSize, architecture: .transformer(transformer))
    }

    private static func clipText(
        _ text: ConfigurationReader,
        isMetaCLIP2: Bool
    ) throws(ModelError) -> Text {
        // If this is false, the library lets every token see all others (`masking_utils.py`).
        try text.require("is_causal", toBe: .bool(true))
        let vocabularySize = try text.integer(
            "vocab_size",
            default: isMetaCLIP2 ? 32_000 : 49_408,
            in: ModelBounds.vocabularySize
        )
        let endOfText = try text.single("eos_token_id", default: 49_407, in: 0...vocabularySize - 1)
        // CLIP files from before transformers 4.31 say 2, which is always wrong; the library takes it to mean the
        // largest id. For MetaCLIP 2 it takes the value literally.
        let isLargest = endOfText == 2 && !isMetaCLIP2
        return Text(
            contextLength: try text.integer(
                "max_position_embeddings",
                default: 77,
                in: ModelBounds.contextLength
            ),
            vocabularySize: vocabularySize,
            pooling: isLargest ? .largestID : .first(id: Int32(endOfText)),
            encoder: try Self.transformersEncoder(
                text,
                defaults: TowerDefaults(width: 512, heads: 8, mlpWidth: 2_048)
            )
        )
    }

    /// The settings that transformers uses if a tower's object lacks them.
    struct TowerDefaults {
        let width: Int
        let heads: Int
        let mlpWidth: Int
        var activation = "quick_gelu"
        var epsilon = 1e-5
    }

    static func transformersEncoder(
        _ tower: ConfigurationReader,
        defaults: TowerDefaults
    ) throws(ModelError) -> Encoder {
        let width = try tower.integer("hidden_size", default: defaults.width, in: ModelBounds.width)
        let heads = try tower.integer("num_attention_heads", default: defaults.heads, in: ModelBounds.heads)
        guard width % heads == 0 else {
            throw .invalidSetting(
                key: tower.fullName("num_attention_heads"),
                expected: "a divisor of the width, \(width)"
            )
        }
        return Encoder(
            width: width,
            layers: try tower.integer("num_hidden_layers", default: 12, in: ModelBounds.layers),
            heads: heads,
            mlpWidth: try tower.integer(
                "intermediate_size",
                default: defaults.mlpWidth,
                in: ModelBounds.mlpWidth
            ),
            activation: try activation(tower, default: defaults.activation),
            layerNormEpsilon: Float(try tower.positive("layer_norm_eps", default: defaults.epsilon, limit: 1))
        )
    }

    private static func activation(
        _ tower: ConfigurationReader,
        default standard: String
    ) throws(ModelError) -> Activation {
        let name = try tower.string("hidden_act", default: standard)
        switch name {
        case "quick_gelu": return .quickGELU
        case "gelu", "gelu_python": return .gelu
        case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate": return .tanhGELU
        default:
            throw .unsupportedSetting(
                key: tower.fullName("hidden_act"),
                value: ConfigurationValue.string(name).description
            )
        }
    }
}

extension ModelConfiguration.PatchTransformer {
    func checkPatches(imageSize: Int, key: String) throws(ModelError) {
        guard ModelBounds.patches.contains(patches(imageSize: imageSize)) else {
            throw .invalidSetting(
                key: key,
                expected:
                    "a size with \(ModelBounds.patches.lowerBound) to \(ModelBounds.patches.upperBound) patches"
            )
        }
    }
}
