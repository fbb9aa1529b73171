/// A `config.json` of transformers: the family of the model, and where each tower is described.
///
/// The file of a whole model describes its towers in objects of their own; the file of a single tower describes only
/// that tower.
struct TransformersConfiguration {
    /// Models of the same construction, by transformers' name of the whole model.
    enum Family: String, CaseIterable {
        case clip
        case metaCLIP2 = "metaclip_2"
        case sigLIP = "siglip"

        /// The beginning of the names of its classes.
        fileprivate var className: String {
            switch self {
            case .clip: "CLIP"
            case .metaCLIP2: "MetaClip2"
            case .sigLIP: "Siglip"
            }
        }
    }

    let root: ConfigurationReader
    let family: Family
    /// The description of the image tower; nil if the file describes only the text tower.
    let vision: ConfigurationReader?
    /// The description of the text tower; nil if the file describes only the image tower.
    let text: ConfigurationReader?

    /// Reads the file by its `model_type`; `architectures` may say that only one tower of a whole model was saved.
    init(json: [UInt8]) throws(ModelError) {
        root = try ConfigurationReader(json: json)
        let type = try root.string("model_type", default: Family.clip.rawValue)
        guard let family = Family.allCases.first(where: { $0.modelTypes.contains(type) }) else {
            throw .unsupportedSetting(
                key: "model_type",
                value: ConfigurationValue.string(type).description
            )
        }
        self.family = family
        // A classifier's labels are trained together with its towers, which then give no embeddings any more.
        if case .list(let names)? = root.value("architectures"), names.count == 1,
            case .string(let name) = names[0], name.hasSuffix("ForImageClassification")
        {
            throw .unsupportedSetting(key: "architectures", value: names[0].description)
        }
        switch type {
        case family.visionType: (vision, text) = (root, nil)
        case family.textType: (vision, text) = (nil, root)
        default:
            let saved = Self.savedTower(of: family, in: root)
            vision = saved == .text ? nil : try Self.tower("vision_config", of: family, in: root)
            text = saved == .image ? nil : try Self.tower("text_config", of: family, in: root)
        }
    }

    /// The single tower's description; nil if there are two towers.
    var only: ConfigurationReader? {
        switch (vision, text) {
        case (let tower?, nil), (nil, let tower?): tower
        default: nil
        }
    }

    /// The tower that `architectures` names alone; nil if it names another class or none.
    private static func savedTower(
        of family: Family,
        in root: ConfigurationReader
    ) -> ModelConfiguration.Tower? {
        guard case .list(let names)? = root.value("architectures"), names.count == 1,
            case .string(let name) = names[0]
        else { return nil }
        return ModelConfiguration.Tower.allCases.first { tower in
            let kind = family.className + (tower == .image ? "VisionModel" : "TextModel")
            return name == kind || name == kind + "WithProjection"
        }
    }

    /// A tower's description; in old CLIP files `text_config_dict` and `vision_config_dict` replace the plain ones.
    private static func tower(
        _ name: String,
        of family: Family,
        in root: ConfigurationReader
    ) throws(ModelError) -> ConfigurationReader {
        family == .sigLIP ? try root.firstObject(name) : try root.firstObject("\(name)_dict", name)
    }
}

extension ModelConfiguration {
    /// Every supported `model_type` of transformers, of whole models and of single towers.
    package static var modelTypes: [String] {
        TransformersConfiguration.Family.allCases.flatMap(\.modelTypes)
    }
}

extension TransformersConfiguration.Family {
    fileprivate var modelTypes: [String] { [rawValue, visionType, textType] }
    /// The `model_type` of a single image tower.
    fileprivate var visionType: String { "\(rawValue)_vision_model" }
    /// The `model_type` of a single text tower.
    fileprivate var textType: String { "\(rawValue)_text_model" }
}
