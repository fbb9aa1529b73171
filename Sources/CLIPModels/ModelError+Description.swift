import CLIPKernels
import CLIPWeights

extension ModelError: CustomStringConvertible {
    /// A sentence for the person who starts the program.
    public var description: String {
        switch self {
        case .malformedConfiguration:
            "The configuration is not a JSON object; was the download cut off? Download it anew."
        case .missingSetting(let key):
            "The configuration lacks \(key). \(Self.anew)"
        case .invalidSetting(let key, let expected):
            "The configuration's \(key) has to be \(expected). \(Self.anew)"
        case .unsupportedSetting("model_type", let value) where value.hasPrefix("\"siglip2"):
            "The configuration is that of a SigLIP 2 for images of any shape (NaFlex, model_type \(value)), which is not "
                + "built here: use one of a fixed size, such as google/siglip2-base-patch16-256."
        case .unsupportedSetting(let key, let value):
            "The configuration asks for a kind of model that is not built here: \(key) is \(value). Use a checkpoint of a "
                + "kind that Documentation/Models.md lists."
        case .towerNotStored(let tower, let tensors):
            "The configuration describes \(tower.name), and the weights have only the other tower: "
                + "\(Self.list(tensors)) and all the rest of it are missing. Save the whole model, or the tower by itself with "
                + "its own configuration, as transformers' classes of one tower do, such as \(tower.other.className)."
        case .towerNotDescribed(let tower, let tensors):
            "The configuration is that of \(tower.other.name) alone, and the weights have \(tower.name), too "
                + "(\(Self.list(tensors)), for instance). Take the whole model's configuration, or save the tower by "
                + "itself, as transformers' classes of one tower do, such as \(tower.other.className)."
        case .projectionNotStored(let tensor):
            "The weights end before the projection into the space that images and texts share: \(tensor) is missing, as "
                + "CLIPVisionModel and CLIPTextModel leave it out. Save the tower with CLIPVisionModelWithProjection or "
                + "CLIPTextModelWithProjection."
        case .scaleTooLarge(let tensor, let value):
            "The weights have \(value) as \(tensor), of which e to that power is no number any more; published models have 2 to "
                + "5. Download them anew."
        case .noTower(let tower): "A batch came that needs \(tower.name), which the model lacks. \(Self.ours)"
        case .weights(let error): error.description
        case .kernels(let error): error.description
        case .wrongPixelByteCount(let expected, let found):
            "An image came with \(found) bytes of pixels instead of \(expected). \(Self.ours)"
        case .tooManyTokens(let count, let limit):
            "A text came with \(count) tokens, and the model has \(limit) positions. \(Self.ours)"
        case .tooFewTokens(let count, let contextLength):
            "A text came with \(count) tokens, and the model reads \(contextLength) of every text. \(Self.ours)"
        case .tokenOutOfVocabulary(let id, let vocabularySize):
            "A text came with the token \(id), and the model knows \(vocabularySize). \(Self.ours)"
        case .noEndOfText(let caption):
            "Text \(caption + 1) of a batch came without end-of-text. \(Self.ours)"
        }
    }

    private static let anew = "Mend it, or download it anew."
    /// The end of errors about inputs that callers should have checked.
    private static let ours = "Report it, as a fault of this program."

    private static func list(_ tensors: [String]) -> String { tensors.joined(separator: ", ") }
}

extension ModelConfiguration.Tower {
    fileprivate var name: String {
        switch self {
        case .image: "an image tower"
        case .text: "a text tower"
        }
    }

    fileprivate var other: ModelConfiguration.Tower { self == .image ? .text : .image }

    /// The name that transformers gives the class of the single tower.
    fileprivate var className: String {
        switch self {
        case .image: "CLIPVisionModelWithProjection"
        case .text: "CLIPTextModelWithProjection"
        }
    }
}
