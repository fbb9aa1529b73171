internal import Foundation

/// A tiny SigLIP whose tokenizer knows two tokens behind those of its pieces, as mT5's knows a hundred: they are made only by somebody
/// who types their name.
public struct PieceModel: Sendable {
    /// Tokens that the pieces of the tokenizer are.
    public static let pieces = 779
    /// What comes behind them.
    public static let typed = ["<extra_id_5>", "<extra_id_6>"]

    /// How many tokens the network knows.
    public var rows = PieceModel.pieces
    /// What `tokenizer_config.json` calls the token that ends a text.
    public var end = "</s>"
    /// The same of the one that fills it up.
    public var padding = "<pad>"
    /// Whose rules the tokenizer follows.
    public var tokenizerClass = "T5Tokenizer"
    /// What is done to a text before anything else, as `tokenizer.json` has it; nil for nothing.
    public var step: String?

    /// One whose network knows the pieces and nothing else.
    public init() {}

    /// Writes a model directory.
    public func write(to directory: String) throws {
        let folder = URL(fileURLWithPath: directory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let model = try FamilyGolden("siglip-transformers")
        var weights = model.weights
        let name = "text_model.embeddings.token_embedding.weight"
        let width = weights[name]?.shape[1] ?? 0
        weights[name] = TinyModel.Weight(
            shape: [rows, width],
            floats: CounterNumbers.floats(name, count: rows * width, scale: 0.5)
        )
        let configuration = String(decoding: model.configuration, as: UTF8.self)
            .replacing(/"vocab_size" ?: ?600/, with: "\"vocab_size\":\(rows)")
        let tokens = Self.typed.enumerated().map { index, token in
            """
            {"id": \(Self.pieces + index), "content": "\(token)", "normalized": false, "single_word": false,
             "lstrip": false, "rstrip": false, "special": true}
            """
        }
        var tokenizer = String(decoding: try Fixture.bytes("pieces/t5/tokenizer.json"), as: UTF8.self)
            .replacing("\"added_tokens\":[", with: "\"added_tokens\":[\(tokens.joined(separator: ",")),")
        if let step {
            tokenizer = tokenizer.replacing(/"normalizer":(\{[^}]*\})/) {
                #""normalizer":{"type":"Sequence","normalizers":[\#(step),\#($0.1)]}"#
            }
        }
        let files: [String: Data] = [
            "config.json": Data(configuration.utf8),
            "model.safetensors": TinyModel.safetensors(weights),
            "preprocessor_config.json": Data(Self.preparation(imageSize: model.imageSize).utf8),
            "tokenizer.json": Data(tokenizer.utf8),
            "tokenizer_config.json": Data(
                """
                {"tokenizer_class": "\(tokenizerClass)", "eos_token": "\(end)", "pad_token": "\(padding)",
                 "unk_token": "<unk>", "extra_ids": 0}
                """.utf8
            ),
        ]
        for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
    }

    private static func preparation(imageSize: Int) -> String {
        """
        {"image_processor_type": "SiglipImageProcessor", "do_resize": true, "resample": 3,
         "size": {"height": \(imageSize), "width": \(imageSize)}, "do_rescale": true,
         "rescale_factor": 0.00392156862745098, "do_normalize": true,
         "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
        """
    }
}
