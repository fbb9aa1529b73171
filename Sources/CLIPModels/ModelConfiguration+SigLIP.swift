import CLIPKernels

extension ModelConfiguration {
    /// Reads a `config.json` as `transformers` (5.x) reads one for its `SiglipModel`, which is also that of SigLIP 2 with
    /// images of a fixed size.
    ///
    /// What the file leaves out has that library's default, which is SigLIP B/16 at 224 pixels.
    init(sigLIP root: ConfigurationReader) throws(ModelError) {
        let vision = try root.firstObject("vision_config")
        try vision.require("num_channels", toBe: .number(Double(PixelTable.channels)))
        try vision.require("vision_use_head", toBe: .bool(true))
        let imageSize = try vision.side("image_size", default: 224, in: ModelBounds.imageSize)
        let encoder = try Self.sigLIPEncoder(vision)
        let transformer = PatchTransformer(
            patchSize: try vision.side("patch_size", default: 16, in: ModelBounds.patchSize),
            encoder: encoder,
            hasClassToken: false,
            hasPatchBias: true,
            hasInputNorm: false,
            pooling: .latent(
                LatentPooling(
                    heads: encoder.heads,
                    mlpWidth: encoder.mlpWidth,
                    activation: encoder.activation
                )
            ),
            projection: .none
        )
        try transformer.checkPatches(imageSize: imageSize, key: vision.fullName("image_size"))
        self.vision = Vision(imageSize: imageSize, architecture: .transformer(transformer))

        let text = try root.firstObject("text_config")
        let textEncoder = try Self.sigLIPEncoder(text)
        embeddingWidth = try text.integer(
            "projection_size",
            default: textEncoder.width,
            in: ModelBounds.embeddingWidth
        )
        guard embeddingWidth == encoder.width else {
            throw .invalidSetting(
                key: text.fullName("projection_size"),
                expected: "the image tower's width, \(encoder.width), since that has no projection"
            )
        }
        self.text = Text(
            contextLength: try text.integer(
                "max_position_embeddings",
                default: 64,
                in: ModelBounds.contextLength
            ),
            vocabularySize: try text.integer("vocab_size", default: 32_000, in: ModelBounds.vocabularySize),
            pooling: .last,
            encoder: textEncoder,
            isCausal: false,
            projection: .biased
        )
    }

    private static func sigLIPEncoder(_ tower: ConfigurationReader) throws(ModelError) -> Encoder {
        try transformersEncoder(
            tower,
            defaults: TowerDefaults(
                width: 768,
                heads: 12,
                mlpWidth: 3_072,
                activation: "gelu_pytorch_tanh",
                epsilon: 1e-6
            )
        )
    }
}
