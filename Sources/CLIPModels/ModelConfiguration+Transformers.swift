import CLIPKernels

extension ModelConfiguration {
    /// Reads a `config.json` as `transformers` (5.x) reads one for its `CLIPModel`.
    ///
    /// What the file leaves out has that library's default, which is ViT-B/32. `text_config_dict` and
    /// `vision_config_dict`, which old files carry, replace `text_config` and `vision_config`, as they do there.
    public init(transformersConfig json: [UInt8]) throws(ModelError) {
        let root = try ConfigurationReader(json: json)
        try root.require("model_type", toBe: .string("clip"))
        try root.require("quantization_config", toBe: .null)
        embeddingWidth = try root.integer("projection_dim", default: 512, in: ModelBounds.embeddingWidth)

        let vision = try root.firstObject("vision_config_dict", "vision_config")
        try vision.require("num_channels", toBe: .number(Double(PixelTable.channels)))
        let imageSize = try vision.side("image_size", default: 224, in: ModelBounds.imageSize)
        let transformer = PatchTransformer(
            patchSize: try vision.side("patch_size", default: 32, in: ModelBounds.patchSize),
            encoder: try Self.transformersEncoder(vision, width: 768, heads: 12)
        )
        try transformer.checkPatches(imageSize: imageSize, key: vision.fullName("image_size"))
        self.vision = Vision(imageSize: imageSize, architecture: .transformer(transformer))

        let text = try root.firstObject("text_config_dict", "text_config")
        let vocabularySize = try text.integer(
            "vocab_size",
            default: 49_408,
            in: ModelBounds.vocabularySize
        )
        // Files from before transformers 4.31 say 2, which is wrong for every CLIP; the library takes it to mean
        // the largest id.
        let endOfText = try text.single("eos_token_id", default: 49_407, in: 0...vocabularySize - 1)
        self.text = Text(
            contextLength: try text.integer(
                "max_position_embeddings",
                default: 77,
                in: ModelBounds.contextLength
            ),
            vocabularySize: vocabularySize,
            pooling: endOfText == 2 ? .largestID : .first(id: Int32(endOfText)),
            encoder: try Self.transformersEncoder(text, width: 512, heads: 8)
        )
    }

    private static func transformersEncoder(
        _ tower: ConfigurationReader,
        width standardWidth: Int,
        heads standardHeads: Int
    ) throws(ModelError) -> Encoder {
        let width = try tower.integer("hidden_size", default: standardWidth, in: ModelBounds.width)
        let heads = try tower.integer("num_attention_heads", default: standardHeads, in: ModelBounds.heads)
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
                default: 4 * standardWidth,
                in: ModelBounds.mlpWidth
            ),
            activation: try activation(tower),
            layerNormEpsilon: Float(try tower.positive("layer_norm_eps", default: 1e-5, limit: 1))
        )
    }

    private static func activation(_ tower: ConfigurationReader) throws(ModelError) -> Activation {
        let name = try tower.string("hidden_act", default: "quick_gelu")
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
