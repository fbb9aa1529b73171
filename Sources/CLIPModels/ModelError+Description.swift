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
        case .unsupportedSetting(let key, let value) where key == "model_type" && Self.parts.contains(value):
            "The configuration is that of one tower alone (model_type \(value)), and a CLIP has two: "
                + "save the whole model, with CLIPModel.save_pretrained."
        case .unsupportedSetting("model_type", "\"siglip2\""):
            "The configuration is that of a SigLIP 2 for images of any shape (NaFlex, model_type siglip2), which is not built "
                + "here: use one of "
                + "a fixed size, such as google/siglip2-base-patch16-256."
        case .unsupportedSetting(let key, let value):
            "The configuration asks for a kind of model that is not built here: \(key) is \(value). Use a checkpoint of a "
                + "kind that Documentation/Compatibility.md lists."
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
    /// Of inputs that were checked before.
    private static let ours = "Report it, as a fault of this program."

    /// What transformers calls the towers of a CLIP by themselves.
    private static var parts: [String] { ["\"clip_vision_model\"", "\"clip_text_model\""] }
}
