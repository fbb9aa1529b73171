/// The prompts that describe classes: each text once, with the classes that it describes.
package struct ClassPrompts: Equatable, Sendable {
    package private(set) var texts: [String] = []
    /// The classes of each text; a class stands twice if two of its synonyms give the same text.
    package private(set) var classes: [[Int]] = []

    /// - Parameter prompts: the prompts of each class.
    package init(prompts: some Sequence<[String]>) {
        var placeOfText: [ExactText: Int] = [:]
        for (index, prompts) in prompts.enumerated() {
            for text in prompts {
                let exact = ExactText(text)
                if let place = placeOfText[exact] {
                    classes[place].append(index)
                } else {
                    placeOfText[exact] = texts.count
                    texts.append(text)
                    classes.append([index])
                }
            }
        }
    }

    /// Puts every name of every class into every template.
    package init(names: [[String]], templates: [PromptTemplate]) {
        self.init(
            prompts: names.lazy.map { names in
                names.flatMap { name in templates.map { $0.prompt(for: name) } }
            }
        )
    }
}
