internal import CLIPEngine
internal import CLIPIndex
internal import CLIPJSON

/// The body of `POST /search`: JSON, a picture by itself, or a form.
package struct ImageSearchBody: Sendable {
    /// A text or picture that is looked for, with what it counts.
    private struct Part: Sendable {
        enum Subject: Sendable {
            case text(String)
            case image(ImageDeclaration)
            /// A picture's own bytes, or its URL in a form.
            case sent(ImageSource)
            /// A picture of the index.
            case like(Int)
        }

        let subject: Subject
        var weight = 1.0
        /// Where it stands, for messages.
        let name: String
    }

    private let parts: [Part]
    private let top: Int
    private let minScore: Double?
    private let folder: String?

    /// The most pictures that are told.
    package static let mostTop = 1000
    private static let defaultTop = 20
    /// The most entries of `plus`, and of `minus`.
    package static let mostEntries = 8
    private static let mostWeight = 1000.0
    /// No system opens a longer path.
    static let longestFolder = 4096

    /// A picture as the body, whose other fields stand in the query.
    ///
    /// - Throws: 422 for a query that is not as it should be.
    package init(picture: [UInt8], query: ImageSearchFields) throws(APIError) {
        guard query.problems.isEmpty else { throw .invalidFields(query.problems) }
        self.init([Part(subject: .sent(.encoded(picture)), name: "image")], query)
    }

    /// A form with a picture, a text or both, whose other fields come before those of the query.
    ///
    /// - Throws: 422 for a form with neither, or with several pictures, and for fields that are not as they should be.
    package init(_ form: Multipart, query: ImageSearchFields) throws(APIError) {
        let (pictures, others) = form.divided
        var texts: [String: String] = [:]
        for part in others where Self.textNames.contains(part.name) { texts[part.name] = part.text }
        var fields = query
        fields.set(texts, in: "body")
        var problems = fields.problems
        var parts: [Part] = []
        if let text = texts["text"] { parts.append(Part(subject: .text(text), name: "text")) }
        parts += pictures.map { Part(subject: .sent($0), name: "image") }
        if pictures.count > 1 {
            problems.add(.tooManyElements(count: pictures.count, most: 1), at: ["body", "image"])
        }
        if parts.isEmpty { problems.add(.missing, at: ["body", "image"]) }
        guard problems.isEmpty else { throw .invalidFields(problems) }
        self.init(parts, fields)
    }

    private init(_ parts: [Part], _ fields: ImageSearchFields) {
        self.parts = parts
        top = fields.top ?? Self.defaultTop
        minScore = fields.minScore
        folder = fields.folder
    }

    /// The fields of a form that are texts; what else it has may be long, and is not looked at.
    private static let textNames: Set<String> = ["text", "top", "min_score", "under"]

    /// A JSON body.
    ///
    /// - Parameter query: what holds where the body says nothing of it.
    package init(_ fields: inout FieldReader, over query: ImageSearchFields) throws(APIError) {
        var parts: [Part] = []
        if let text = fields.string("text", nullable: true) {
            parts.append(Part(subject: .text(text.string), name: "text"))
        }
        if fields.has("image"), let image = fields.union("image", Self.image) {
            parts.append(Part(subject: .image(image), name: "image"))
        }
        if let id = fields.integer("like", least: 1) { parts.append(Part(subject: .like(id), name: "like")) }
        parts += Self.entries(of: "plus", sign: 1, &fields)
        // Of a body that has none of these the text is said to be missing.
        if parts.isEmpty, fields.problems == query.problems { fields.miss("text") }
        parts += Self.entries(of: "minus", sign: -1, &fields)
        let top = fields.integer("top", least: 1, most: Self.mostTop)
        let minScore = fields.finiteNumber("min_score")
        let folder = fields.string("under", nullable: true, longest: Self.longestFolder)
        guard !fields.isUnwanted() else { throw .embedding(.cancelled, place: nil) }
        guard fields.problems.isEmpty else { throw .invalidFields(fields.problems) }
        self.top = top ?? query.top ?? Self.defaultTop
        self.minScore = minScore ?? query.minScore
        self.folder = folder?.string ?? query.folder
        self.parts = parts
    }

    /// `Optional[InferenceRequestImage]`.
    private static func image(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> ImageDeclaration? {
        ImageDeclaration.read(value, at: location, &problems)
    }

    /// `Optional[List[Union[SearchTerm, str]]]`.
    private static func entries(of name: String, sign: Double, _ fields: inout FieldReader) -> [Part] {
        guard fields.has(name) else { return [] }
        let found = fields.union(name) { value, location, problems -> [Part]? in
            guard case .array(let elements) = value else {
                problems.add(.notAList, at: location)
                return nil
            }
            guard elements.count <= mostEntries else {
                problems.add(.tooManyElements(count: elements.count, most: mostEntries), at: location)
                return nil
            }
            let parts = elements.enumerated().compactMap { index, element -> Part? in
                var part = entry(
                    element,
                    at: location + [.index(index)],
                    name: "\(name) \(index + 1)",
                    &problems
                )
                part?.weight *= sign
                return part
            }
            return parts.count == elements.count ? parts : nil
        }
        return found ?? []
    }

    /// One of them: a text, or an object with one of text, image and like, and with its weight.
    private static func entry(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        name: String,
        _ problems: inout FieldProblems
    ) -> Part? {
        if case .string(let text) = value { return Part(subject: .text(text.string), name: name) }
        guard case .object(let object) = value else {
            problems.add(.notAModel(className: "SearchTerm"), at: location)
            return nil
        }
        var subjects: [Part.Subject] = []
        var isSound = true
        if let text = object["text"], !text.isNull {
            if let text = TextUnion.read(text, at: location + ["text"], &problems) {
                subjects.append(.text(text.string))
            } else {
                isSound = false
            }
        }
        if let image = object["image"], !image.isNull {
            if let image = ImageDeclaration.read(image, at: location + ["image"], &problems) {
                subjects.append(.image(image))
            } else {
                isSound = false
            }
        }
        if let like = object["like"], !like.isNull {
            if let id = problems.value(FieldNumber.integer(like, least: 1), at: location + ["like"]) {
                subjects.append(.like(id))
            } else {
                isSound = false
            }
        }
        var weight = 1.0
        if let value = object["weight"], !value.isNull {
            switch FieldNumber.finite(value) {
            case .success(let number) where abs(number) <= mostWeight: weight = number
            case .success(let number):
                let most = Int(mostWeight)
                problems.add(
                    number > 0 ? .tooLarge(most: most) : .tooSmall(least: -most),
                    at: location + ["weight"]
                )
                isSound = false
            case .failure(let refusal):
                problems.add(refusal.kind, at: location + ["weight"])
                isSound = false
            }
        }
        guard isSound else { return nil }
        guard let subject = subjects.first else {
            problems.add(.missing, at: location + ["text"])
            return nil
        }
        guard subjects.count == 1 else {
            problems.add(.wrongValue("one of text, image and like is wanted, not several"), at: location)
            return nil
        }
        return Part(subject: subject, weight: weight, name: name)
    }

    // MARK: What the index is asked

    /// Whether something has to be embedded.
    var needsModel: Bool {
        parts.contains { part in
            if case .like = part.subject { false } else { true }
        }
    }

    /// The question, with pictures for the engine.
    ///
    /// - Throws: the 400 of the first image that cannot be looked at.
    func question() throws(APIError) -> PictureSearch.Question {
        var terms: [PictureSearch.Question.Term] = []
        for part in parts {
            let subject: PictureSearch.Question.Term.Subject =
                switch part.subject {
                case .text(let text): .item(.text(text))
                case .image(let image): .item(.image(try image.source()))
                case .sent(let picture): .item(.image(picture))
                case .like(let id): .picture(id: id)
                }
            terms.append(PictureSearch.Question.Term(subject, weight: part.weight))
        }
        return PictureSearch.Question(terms: terms, top: top, minScore: minScore, folder: folder)
    }

    /// What an error is about, where that is not the whole question.
    func place(ofTerm index: Int?) -> String? {
        index.flatMap { parts.count > 1 && parts.indices.contains($0) ? parts[$0].name : nil }
    }
}
