/// The sentences that describe the classes, each text once, with the classes it describes.
package struct ClassPrompts: Equatable, Sendable {
    package private(set) var texts: [String] = []
    /// The classes of each text; one stands twice where two of its synonyms give the same text.
    package private(set) var classes: [[Int]] = []

    /// Every name of every class in every template.
    package init(names: [ClassLabels.Names], templates: [PromptTemplate]) {
        var placeOfText: [String: Int] = [:]
        for (index, names) in names.enumerated() {
            for name in names {
                for text in templates.map({ $0.prompt(for: name) }) {
                    if let place = placeOfText[text] {
                        classes[place].append(index)
                    } else {
                        placeOfText[text] = texts.count
                        texts.append(text)
                        classes.append([index])
                    }
                }
            }
        }
    }
}
