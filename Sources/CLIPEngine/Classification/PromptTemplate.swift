/// A sentence with `{}` in place of a class's name.
public struct PromptTemplate: Equatable, Sendable {
    private static let place = "{}"

    let text: String
    /// How often the sentence contains `{}`.
    private let places: Int

    /// A template with this text, such as `a photo of a {}.`.
    ///
    /// - Throws: `noPlace` if the text has no `{}`; `templateTooLarge`.
    public init(_ text: String) throws(LabelFault) {
        try self.init(text, at: 0)
    }

    private init(_ text: String, at index: Int) throws(LabelFault) {
        let (count, limit) = (text.utf8.count, TextPreparation.largestText)
        guard count <= limit else { throw .templateTooLarge(template: index, count: count, limit: limit) }
        self.init(known: text)
        guard places > 0 else { throw .noPlace(template: index) }
    }

    private init(known text: String) {
        self.text = text
        var places = 0
        Self.eachPlace(in: text) { _ in places += 1 }
        self.places = places
    }

    /// Templates with these texts.
    ///
    /// - Throws: `noPlace` for the first that has no `{}`; `templateTooLarge`.
    public static func list(_ texts: [String]) throws(LabelFault) -> [PromptTemplate] {
        var templates: [PromptTemplate] = []
        for (index, text) in texts.enumerated() {
            templates.append(try PromptTemplate(text, at: index))
        }
        return templates
    }

    /// The sentence about one class, with every `{}` replaced by the name.
    public func prompt(for name: String) -> String {
        var sentence: [UInt8] = []
        sentence.reserveCapacity(byteCount(of: name))
        var text = self.text
        text.withUTF8 { text in
            var end = 0
            Self.eachPlace(in: self.text) { place in
                sentence += text[end..<place]
                sentence += name.utf8
                end = place + Self.place.utf8.count
            }
            sentence += text[end...]
        }
        return String(decoding: sentence, as: UTF8.self)
    }

    /// Calls `found` with the byte offset of each `{}`.
    ///
    /// Bytes are compared, because a search for characters takes minutes in megabytes of combining marks.
    private static func eachPlace(in text: String, _ found: (Int) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            var position = 0
            while position + 1 < bytes.count {
                let isPlace =
                    bytes[position] == UInt8(ascii: "{") && bytes[position + 1] == UInt8(ascii: "}")
                if isPlace { found(position) }
                position += isPlace ? 2 : 1
            }
        }
    }

    /// The number of bytes that ``prompt(for:)`` would return.
    func byteCount(of name: String) -> Int {
        text.utf8.count + places * (name.utf8.count - Self.place.utf8.count)
    }

    /// The bytes of all templates without their places, and how many places they have.
    static func sizes(of templates: [PromptTemplate]) -> (texts: Int, places: Int) {
        templates.reduce(into: (0, 0)) { sum, template in
            sum.0 += template.text.utf8.count - template.places * place.utf8.count
            sum.1 += template.places
        }
    }

    /// The name and nothing else.
    public static let plain = PromptTemplate(known: place)

    /// The seven templates that CLIP's authors selected from their eighty.
    ///
    /// Source: openai/CLIP, `notebooks/Prompt_Engineering_for_ImageNet.ipynb`, the result of forward selection on
    /// ImageNet; they equal open_clip's `SIMPLE_IMAGENET_TEMPLATES`.
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
