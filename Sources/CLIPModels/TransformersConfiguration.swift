/// A `config.json` of transformers': which family it is of, and where it describes each tower.
///
/// A whole model's describes its towers in objects of their own; one tower's describes nothing else.
struct TransformersConfiguration {
    /// Models of one construction, by transformers' name of a whole one.
    enum Family: String, CaseIterable {
        case clip
        case metaCLIP2 = "metaclip_2"
        case sigLIP = "siglip"

        /// What the names of its classes begin with.
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
    /// What describes the image tower; nil where the file is of the other alone.
    let vision: ConfigurationReader?
    /// What describes the text tower; nil where the file is of the other alone.
    let text: ConfigurationReader?

    /// Finds out by `model_type`; what a whole model's file says under `architectures` may be that one tower was saved.
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
        // A classifier's labels are learnt with its towers, which embed nothing any more.
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

    /// A tower by itself; nil where there are both.
    var only: ConfigurationReader? {
        switch (vision, text) {
        case (let tower?, nil), (nil, let tower?): tower
        default: nil
        }
    }

    /// The tower whose class is named alone; nil where it is another class, or none.
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

    /// In old files of CLIPs `text_config_dict` and `vision_config_dict` replace the plain ones, as they do there.
    private static func tower(
        _ name: String,
        of family: Family,
        in root: ConfigurationReader
    ) throws(ModelError) -> ConfigurationReader {
        family == .sigLIP ? try root.firstObject(name) : try root.firstObject("\(name)_dict", name)
    }
}

extension ModelConfiguration {
    /// Every `model_type` of transformers that is built here, of whole models and of single towers.
    package static var modelTypes: [String] {
        TransformersConfiguration.Family.allCases.flatMap(\.modelTypes)
    }
}

extension TransformersConfiguration.Family {
    fileprivate var modelTypes: [String] { [rawValue, visionType, textType] }
    /// `model_type` of an image tower alone.
    fileprivate var visionType: String { "\(rawValue)_vision_model" }
    /// `model_type` of a text tower alone.
    fileprivate var textType: String { "\(rawValue)_text_model" }
}
