import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// What is looked for: texts and pictures, added up with weights, or many texts, each by itself.
struct SearchTerms {
    enum Term: Equatable {
        case text(String)
        case picture(String)
    }

    private struct Part {
        let term: Term
        let weight: Double
        var embedding: [Float]?
        /// The picture's number, where it is the index's.
        var id: Int?
    }

    private var parts: [Part] = []
    /// Whether each part is a query of its own.
    let isOfMany: Bool

    init() { isOfMany = false }

    init(each texts: some Sequence<String>) {
        isOfMany = true
        parts = texts.map { Part(term: .text($0), weight: 1) }
    }

    mutating func add(_ term: Term, weight: Double) {
        parts.append(Part(term: term, weight: weight))
    }

    /// What a weight may be, and what its opposite.
    private static let mostWeight = 1000.0

    /// Adds what was written with a weight before it, or without.
    mutating func add(_ value: String, sign: Double) throws {
        var (rest, weight) = (value, 1.0)
        if case .unreachable = FileKind(at: value), let colon = value.firstIndex(of: ":"),
            let number = Double(value[..<colon]), number.isFinite
        {
            guard abs(number) <= Self.mostWeight else {
                let most = Int(Self.mostWeight)
                throw ValidationError(
                    "The weight in '\(value.printable)' must be from -\(most) to \(most)."
                )
            }
            (rest, weight) = (String(value[value.index(after: colon)...]), number)
        }
        guard !rest.isEmpty else {
            throw ValidationError("There is nothing behind the weight in '\(value.printable)'.")
        }
        if case .file = FileKind(at: rest) {
            add(.picture(rest), weight: sign * weight)
        } else {
            add(.text(try Terminal.text(ofArgument: rest)), weight: sign * weight)
        }
    }

    /// Whether something has to be computed.
    var needsEngine: Bool { parts.contains { $0.embedding == nil } }

    /// Takes the vectors of pictures that the index has.
    mutating func take(from index: any SearchableIndex) async throws {
        for place in parts.indices {
            guard case .picture(let file) = parts[place].term, file != "-",
                let (id, embedding) = try await index.embedding(ofFile: FileName.absolute(file))
            else { continue }
            (parts[place].id, parts[place].embedding) = (id, embedding)
        }
    }

    /// Computes the others.
    mutating func embed(by engine: EmbeddingEngine, _ environment: Environment) async throws {
        let places = parts.indices.filter { parts[$0].embedding == nil }
        let inputs = places.map { place -> EmbeddingPipeline.Input in
            switch parts[place].term {
            case .text(let text): .text(text)
            case .picture(let file): .image(file: file)
            }
        }
        try await EmbeddingPipeline(engine: engine).embed(inputs) { number, result in
            switch result {
            case .success(let embedding): parts[places[number]].embedding = embedding.normalized.values
            case .failure(let fault):
                throw CommandFailure(inputs[number].label.value.printable, CommandFailure(fault, environment))
            }
        }
    }

    struct Query {
        let name: String
        let embedding: [Float]
        /// The picture that it is, which is not told.
        let excluded: Int?
    }

    /// What the index is searched for, once all is computed.
    ///
    /// - Parameter model: the index's.
    /// - Throws: `cancelsOut`, and that a vector is another model's.
    func queries(for model: IndexedModel) throws(PictureSearchError) -> [Query] {
        func sum(_ parts: [Part]) throws(PictureSearchError) -> [Float] {
            try PictureSearch.sum(
                of: parts.map { $0.embedding ?? [] },
                weighted: parts.map(\.weight),
                for: model
            )
        }
        if isOfMany {
            return try parts.map { (part) throws(PictureSearchError) in
                let name = if case .text(let text) = part.term { text } else { "" }
                return Query(name: name, embedding: try sum([part]), excluded: nil)
            }
        }
        let excluded = parts.count == 1 ? parts[0].id : nil
        return [Query(name: "", embedding: try sum(parts), excluded: excluded)]
    }
}

/// Times as people write them.
enum SearchTime {
    /// Nanoseconds since 1970.
    static func nanoseconds(_ text: String, now: Date) throws -> Int {
        if let unit = ["d": 86_400.0, "h": 3600.0].first(where: { text.hasSuffix($0.key) })?.value,
            let number = Double(text.dropLast()), number >= 0, number < 1e6
        {
            return try nanoseconds(ofSeconds: now.timeIntervalSince1970 - number * unit, text)
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        for format in [
            "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssXXXXX",
        ] {
            formatter.dateFormat = format
            if let date = formatter.date(from: text) {
                return try nanoseconds(ofSeconds: date.timeIntervalSince1970, text)
            }
        }
        throw ValidationError(
            "--since does not read '\(text.printable)': write 2026-01-31, 2026-01-31T18:30, 30d or 12h."
        )
    }

    /// The years that 64 bits of nanoseconds hold are those from 1678 to 2262.
    private static func nanoseconds(ofSeconds seconds: Double, _ text: String) throws -> Int {
        guard abs(seconds) < 9e9 else {
            throw ValidationError("--since takes no time as far away as '\(text.printable)'.")
        }
        return Int(seconds * 1e9)
    }
}
