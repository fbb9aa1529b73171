internal import Foundation

/// A Perception Encoder as small as there is one: timm's name says how wide the image tower is, all else is tiny; with OpenAI's
/// vocabulary, so that texts can be embedded.
public enum TinyPerceptionEncoder {
    /// Floats of an embedding.
    public static let embeddingWidth = 8

    /// Lengths of the golden's image tower, and what they are in one of timm's width.
    private static let lengths = [10: 577, 40: embeddingWidth, 64: 192, 128: 384, 192: 576, 256: 768]

    /// Writes a model directory.
    public static func write(to directory: String) throws {
        let folder = URL(fileURLWithPath: directory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var weights: [String: TinyModel.Weight] = [:]
        for (name, weight) in try FamilyGolden("pe").weights where !name.hasPrefix("visual.trunk.blocks.1.") {
            let shape =
                name.hasPrefix("visual.")
                ? weight.shape.map { lengths[$0] ?? $0 } : shapes[name] ?? weight.shape
            let inputs = shape.dropFirst().reduce(1, *)
            let isGain = shape.count == 1 && name.hasSuffix(".weight")
            weights[name] = TinyModel.Weight(
                shape: shape,
                floats: CounterNumbers.floats(
                    name,
                    count: shape.reduce(1, *),
                    scale: shape.count < 2 ? 0.1 : (3 / Float(inputs)).squareRoot(),
                    offset: isGain ? 1 : 0
                )
            )
        }
        try Data(configuration.utf8).write(to: folder.appendingPathComponent("open_clip_config.json"))
        try TinyModel.safetensors(weights).write(
            to: folder.appendingPathComponent("open_clip_model.safetensors")
        )
    }

    private static let shapes = [
        "text.token_embedding.weight": [49_408, 48], "text.text_projection": [48, embeddingWidth],
    ]

    private static let configuration = """
        {"model_cfg": {"embed_dim": \(embeddingWidth), "custom_text": true,
          "vision_cfg": {"image_size": 384, "timm_model_name": "vit_pe_core_tiny_patch16_384",
            "timm_model_pretrained": false, "timm_pool": "map", "timm_proj": null},
          "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 48, "heads": 2, "layers": 2}},
         "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
          "interpolation": "bilinear", "resize_mode": "squash"}}
        """
}
