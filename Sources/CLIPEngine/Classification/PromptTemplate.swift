/// A sentence with a place for a class's name.
public struct PromptTemplate: Equatable, Sendable {
    private static let place = "{}"

    let text: String
    /// What stands around its places.
    private let pieces: [String]
    /// How many places it has.
    private var places: Int { pieces.count - 1 }

    /// A template of this text, such as `a photo of a {}.`.
    ///
    /// - Throws: `noPlace` if the text has no `{}`.
    public init(_ text: String) throws(LabelFault) {
        self.init(known: text)
        guard places > 0 else { throw .noPlace(template: 0) }
    }

    private init(known text: String) {
        self.text = text
        pieces = Self.pieces(of: text)
    }

    /// Templates of these texts.
    ///
    /// - Throws: `noPlace` for the first that has no `{}`.
    public static func list(_ texts: [String]) throws(LabelFault) -> [PromptTemplate] {
        var templates: [PromptTemplate] = []
        for (index, text) in texts.enumerated() {
            let template = PromptTemplate(known: text)
            guard template.places > 0 else { throw .noPlace(template: index) }
            templates.append(template)
        }
        return templates
    }

    /// The sentence about one class; every `{}` becomes the name.
    public func prompt(for name: String) -> String {
        pieces.joined(separator: name)
    }

    /// Looks at bytes: a search for letters takes minutes in megabytes of combining marks.
    private static func pieces(of text: String) -> [String] {
        let (bytes, place) = (Array(text.utf8), Array(place.utf8))
        var pieces: [String] = []
        var (start, position) = (0, 0)
        while position + place.count <= bytes.count {
            guard bytes[position] == place[0], bytes[position + 1] == place[1] else {
                position += 1
                continue
            }
            pieces.append(String(decoding: bytes[start..<position], as: UTF8.self))
            position += place.count
            start = position
        }
        return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// The bytes of that sentence.
    func byteCount(of name: String) -> Int {
        text.utf8.count + places * (name.utf8.count - Self.place.utf8.count)
    }

    /// The name and nothing else.
    public static let plain = PromptTemplate(known: place)

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
