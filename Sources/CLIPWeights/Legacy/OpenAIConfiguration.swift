/// The configuration of OpenAI's models, derived from their tensors' shapes, because their archives have none.
///
/// Source: `build_model` in `clip/model.py` of OpenAI's repository. All of their models have QuickGELU and heads of 64.
enum OpenAIConfiguration {
    /// What their archives have in addition to the parameters.
    static let constants: Set<String> = ["input_resolution", "context_length", "vocab_size"]

    /// An `open_clip_config.json`; nil if names or shapes are not those of one of their models.
    static func json(of shapes: [String: [Int]]) -> String? {
        guard let projection = shapes["text_projection"], projection.count == 2,
            let positions = shapes["positional_embedding"], positions.count == 2,
            let tokens = shapes["token_embedding.weight"], tokens.count == 2,
            let width = shapes["ln_final.weight"]?.first, width >= 64, let vision = vision(of: shapes)
        else { return nil }
        let layers = count(of: shapes, below: "transformer.resblocks.")
        // The mean and the deviation are those of OpenAI's own preprocessing.
        return """
            {
              "model_cfg": {
                "embed_dim": \(projection[1]),
                "quick_gelu": true,
                "vision_cfg": \(vision),
                "text_cfg": {
                  "context_length": \(positions[0]),
                  "vocab_size": \(tokens[0]),
                  "width": \(width),
                  "heads": \(width / 64),
                  "layers": \(layers)
                }
              },
              "preprocess_cfg": {
                "mean": [0.48145466, 0.4578275, 0.40821073],
                "std": [0.26862954, 0.26130258, 0.27577711]
              }
            }

            """
    }

    private static func vision(of shapes: [String: [Int]]) -> String? {
        if shapes["visual.proj"] != nil {
            guard let kernels = shapes["visual.conv1.weight"], kernels.count == 4,
                let positions = shapes["visual.positional_embedding"]?.first,
                let grid = squareRoot(positions - 1)
            else { return nil }
            let layers = count(of: shapes, below: "visual.transformer.resblocks.")
            return """
                {"image_size": \(grid * kernels[3]), "layers": \(layers), "width": \(kernels[0]), \
                "patch_size": \(kernels[3])}
                """
        }
        guard let width = shapes["visual.layer1.0.conv1.weight"]?.first,
            let positions = shapes["visual.attnpool.positional_embedding"]?.first,
            let grid = squareRoot(positions - 1)
        else { return nil }
        let layers = (1...4).map { "\(count(of: shapes, below: "visual.layer\($0)."))" }.joined(
            separator: ", "
        )
        return """
            {"image_size": \(grid * 32), "layers": [\(layers)], "width": \(width), "patch_size": null}
            """
    }

    /// How many different numbers follow a prefix.
    private static func count(of shapes: [String: [Int]], below prefix: String) -> Int {
        Set(
            shapes.keys.filter { $0.hasPrefix(prefix) }.map {
                $0.dropFirst(prefix.count).prefix { $0 != "." }
            }
        ).count
    }

    private static func squareRoot(_ number: Int) -> Int? {
        guard number > 0 else { return nil }
        let root = Int(Double(number).squareRoot().rounded())
        return root * root == number ? root : nil
    }
}
