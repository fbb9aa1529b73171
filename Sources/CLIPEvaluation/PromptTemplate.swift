/// A sentence with a place for a class's name.
public struct PromptTemplate: Equatable, Sendable {
    private static let place = "{}"

    private let text: String

    /// A template of this text, such as `a photo of a {}.`.
    ///
    /// - Throws: `noPlace` if the text has no `{}`.
    public init(_ text: String) throws(EvaluationError) {
        guard text.contains(Self.place) else { throw .noPlace(template: text) }
        self.text = text
    }

    private init(known text: String) {
        self.text = text
    }

    /// The sentence about one class; every `{}` becomes the name.
    public func prompt(for name: String) -> String {
        text.replacing(Self.place, with: name)
    }

    /// The seven that CLIP's authors kept of their eighty.
    ///
    /// Source: openai/CLIP, `notebooks/Prompt_Engineering_for_ImageNet.ipynb`, the result of forward selection on ImageNet;
    /// open_clip has the same as `SIMPLE_IMAGENET_TEMPLATES`.
    public static let ensemble: [PromptTemplate] = [
        PromptTemplate(known: "itap of a {}."),
        PromptTemplate(known: "a bad photo of the {}."),
        PromptTemplate(known: "a origami {}."),
        PromptTemplate(known: "a photo of the large {}."),
        PromptTemplate(known: "a {} in a video game."),
        PromptTemplate(known: "art of the {}."),
        PromptTemplate(known: "a photo of the small {}."),
    ]
}
