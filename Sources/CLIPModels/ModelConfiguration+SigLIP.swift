import CLIPKernels

extension ModelConfiguration {
    /// Reads a `config.json` as `transformers` (5.x) does for its `SiglipModel`, or for one tower of it.
    ///
    /// SigLIP 2 with images of a fixed size is also a `SiglipModel`. A setting that the file leaves out has that
    /// library's default, which is SigLIP B/16 at 224 pixels.
    init(sigLIP file: TransformersConfiguration) throws(ModelError) {
        let vision = try file.vision.map(Self.sigLIPVision)
        let text = try file.text.map(Self.sigLIPText)
        if let vision, let text, let tower = file.text, vision.width != text.width {
            throw .invalidSetting(
                key: tower.fullName("projection_size"),
                expected: "the image tower's width, \(vision.width), since that has no projection"
            )
        }
        guard let width = vision?.width ?? text?.width else { throw .malformedConfiguration }
        self.init(embeddingWidth: width, vision: vision?.tower, text: text?.tower)
    }

    /// The image tower and the width of its embeddings.
    private static func sigLIPVision(
        _ vision: ConfigurationReader
    ) throws(ModelError) -> (tower: Vision, width: Int) {
        try vision.require("num_channels", toBe: .number(Double(PixelTable.channels)))
        try vision.require("vision_use_head", toBe: .bool(true))
        let imageSize = try vision.side("image_size", default: 224, in: ModelBounds.imageSize)
        let encoder = try sigLIPEncoder(vision)
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
        return (Vision(imageSize: imageSize, architecture: .transformer(transformer)), encoder.width)
    }

    private static func sigLIPText(
        _ text: ConfigurationReader
    ) throws(ModelError) -> (tower: Text, width: Int) {
        let encoder = try sigLIPEncoder(text)
        let width = try text.integer(
            "projection_size",
            default: encoder.width,
            in: ModelBounds.embeddingWidth
        )
        let tower = Text(
            contextLength: try text.integer(
                "max_position_embeddings",
                default: 64,
                in: ModelBounds.contextLength
            ),
            vocabularySize: try text.integer("vocab_size", default: 32_000, in: ModelBounds.vocabularySize),
            pooling: .last,
            encoder: encoder,
            isCausal: false,
            projection: .biased
        )
        return (tower, width)
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
