internal import CLIPEngine

/// Roboflow's two groups of routes that run a model: with the same bodies and answers, but for what is told here.
package enum ModelFamily: CaseIterable, Sendable {
    case clip
    case perceptionEncoder

    /// What stands before a model's name in its id.
    package var prefix: String {
        switch self {
        case .clip: "clip"
        case .perceptionEncoder: "perception_encoder"
        }
    }

    /// The field of a body that names the model.
    var nameField: String {
        switch self {
        case .clip: "clip_version_id"
        case .perceptionEncoder: "perception_encoder_version_id"
        }
    }

    /// The model where a request names none; nil for the server's default.
    var defaultModel: String? {
        switch self {
        case .clip: nil
        case .perceptionEncoder: "PE-Core-L14-336"
        }
    }

    /// What the default's name begins with where the operator has configured another one of the kind.
    var likeDefault: String? {
        switch self {
        case .clip: nil
        case .perceptionEncoder: "PE-Core-"
        }
    }

    /// The group that a model is listed under: a Perception Encoder is answered at CLIP's routes, too, but the real server has it
    /// only at its own.
    ///
    /// Of one whose files have not been read the name has to tell.
    static func listing(_ model: ModelListing) -> ModelFamily {
        if let isPerceptionEncoder = model.description?.isPerceptionEncoder ?? model.isPerceptionEncoder {
            return isPerceptionEncoder ? .perceptionEncoder : .clip
        }
        return allCases.first { family in family.likeDefault.map { model.name.hasPrefix($0) } ?? false }
            ?? .clip
    }

    /// The group that an id such as `clip/ViT-B-32` names; CLIP's where it names none.
    static func named(inID id: String) -> ModelFamily {
        allCases.first { id.hasPrefix($0.prefix + "/") } ?? .clip
    }

    /// Whether embeddings have length one, as Perception Encoder's own code gives them.
    var normalizes: Bool { self == .perceptionEncoder }

    /// Whether texts that are too long are cut, as Perception Encoder's own tokenizer does, which says nothing of it.
    var truncates: Bool { self == .perceptionEncoder }
}
