import CLIPKernels
import CLIPWeights

extension ModelError: CustomStringConvertible {
    /// A sentence for the person who starts the program.
    public var description: String {
        switch self {
        case .malformedConfiguration:
            "The configuration is not a JSON object; was the download cut off?"
        case .missingSetting(let key):
            "The configuration lacks \(key)."
        case .invalidSetting(let key, let expected):
            "The configuration's \(key) has to be \(expected)."
        case .unsupportedSetting(let key, let value) where key == "model_type" && Self.parts.contains(value):
            "The configuration is that of one tower alone (model_type \(value)), and a CLIP has two: "
                + "save the whole model, with CLIPModel.save_pretrained."
        case .unsupportedSetting(let key, let value):
            "The configuration asks for a kind of model that is not built here: \(key) is \(value)."
        case .weights(let error): error.description
        case .kernels(let error): error.description
        case .wrongPixelByteCount(let expected, let found):
            "An image came with \(found) bytes of pixels instead of \(expected)."
        case .tooManyTokens(let count, let limit):
            "A text came with \(count) tokens, and the model has \(limit) positions."
        case .tokenOutOfVocabulary(let id, let vocabularySize):
            "A text came with the token \(id), and the model knows \(vocabularySize)."
        case .noEndOfText(let caption):
            "Text \(caption + 1) of a batch came without end-of-text."
        }
    }

    /// What transformers calls the towers of a CLIP by themselves.
    private static var parts: [String] { ["\"clip_vision_model\"", "\"clip_text_model\""] }
}
