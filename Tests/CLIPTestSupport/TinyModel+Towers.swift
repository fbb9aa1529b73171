import Foundation

/// One tower of a tiny model by itself, as transformers saves it: `CLIPVisionModelWithProjection` and
/// `CLIPTextModelWithProjection`.
extension TinyModel {
    /// A tower, by the word that its names begin with.
    public enum Half: String, CaseIterable, Sendable {
        case vision
        case text

        /// The class that saves it.
        public var className: String { "CLIP\(rawValue.capitalized)ModelWithProjection" }
        /// The tensor that it ends in.
        public var projection: String {
            self == .vision ? "visual_projection.weight" : "text_projection.weight"
        }
        /// What the names of its other tensors begin with.
        public var prefix: String { "\(rawValue)_model." }
        /// The other one.
        public var other: Half { self == .vision ? .text : .vision }
    }

    /// The tower's weights, under the names that they have in the whole model.
    public func weights(of half: Half) -> [String: Weight] {
        weights(.transformers).filter { $0.key.hasPrefix(half.prefix) || $0.key == half.projection }
    }

    /// The tower's configuration, which is flat.
    public func configurationJSON(of half: Half) throws -> String {
        let whole = try JSONSerialization.jsonObject(with: Data(configurationJSON(.transformers).utf8))
        var tower = (whole as? [String: Any])?["\(half.rawValue)_config"] as? [String: Any] ?? [:]
        tower["model_type"] = "clip_\(half.rawValue)_model"
        tower["architectures"] = [half.className]
        return String(decoding: try JSONSerialization.data(withJSONObject: tower), as: UTF8.self)
    }

    /// Writes the tower's directory and nothing that it does not need: no file about images beside a text tower, none about
    /// texts beside an image tower.
    public func write(
        _ half: Half,
        to directory: String,
        configuration: String? = nil,
        changing change: (inout [String: Weight]) -> Void = { _ in }
    ) throws {
        let folder = URL(fileURLWithPath: directory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var weights = weights(of: half)
        change(&weights)
        let json = try configuration ?? configurationJSON(of: half)
        try Data(json.utf8).write(to: folder.appendingPathComponent("config.json"))
        if half == .vision {
            try Data(preprocessorJSON.utf8).write(
                to: folder.appendingPathComponent("preprocessor_config.json")
            )
        }
        try Self.safetensors(weights).write(to: folder.appendingPathComponent("model.safetensors"))
    }
}
