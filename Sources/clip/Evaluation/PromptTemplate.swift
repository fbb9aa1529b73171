/// A sentence with a place for a class's name.
package struct PromptTemplate: Equatable, Sendable {
    private static let place = "{}"

    private let text: String

    /// - Throws: a failure if the text has no `{}`, or is not UTF-8.
    package init(_ text: String) throws(CommandFailure) {
        let text = try Terminal.text(ofArgument: text)
        guard text.contains(Self.place) else {
            throw CommandFailure("The template '\(text.printable)' has no {} where the label goes.")
        }
        self.text = text
    }

    private init(known text: String) {
        self.text = text
    }

    /// The sentence about one class; every `{}` becomes the name.
    package func prompt(for name: String) -> String {
        text.replacing(Self.place, with: name)
    }

    /// The seven that CLIP's authors kept of their eighty.
    ///
    /// Source: openai/CLIP, `notebooks/Prompt_Engineering_for_ImageNet.ipynb`, the result of forward selection on ImageNet;
    /// open_clip has the same as `SIMPLE_IMAGENET_TEMPLATES`.
    package static let ensemble: [PromptTemplate] = [
        PromptTemplate(known: "itap of a {}."),
        PromptTemplate(known: "a bad photo of the {}."),
        PromptTemplate(known: "a origami {}."),
        PromptTemplate(known: "a photo of the large {}."),
        PromptTemplate(known: "a {} in a video game."),
        PromptTemplate(known: "art of the {}."),
        PromptTemplate(known: "a photo of the small {}."),
    ]
}
