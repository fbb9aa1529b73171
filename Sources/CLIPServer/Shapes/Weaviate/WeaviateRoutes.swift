import CLIPEngine
internal import CLIPJSON

/// What Weaviate's module multi2vec-clip asks its inference container for.
///
/// Source: weaviate/multi2vec-clip-inference, `app.py` and `clip.py`; the module's client in Weaviate, `modules/multi2vec-clip/clients`.
package enum WeaviateRoutes {
    /// In the order of the list at `/`.
    package static let all: [Route] = [
        Route("/vectorize", ["POST"], wantsBody: true, errors: form) { (context, input) throws(APIError) in
            try await context.weaviateVectorize(input)
        },
        Route("/meta", ["GET", "HEAD"], errors: form) { (context, _) throws(APIError) in
            context.weaviateMeta
        },
        Route(probe: "/.well-known/live") {
            Answer(emptyFor: Operations.health(problem: $0.engine.healthProblem))
        },
        Route(probe: "/.well-known/ready") { Answer(emptyFor: Operations.readiness(of: $0)) },
    ]

    /// `{"error": ...}`.
    static let form = ErrorForm("WeaviateError") { error in
        JSONWriter.object { $0.member("error", error.sentence) }
    }
}

/// The body of `POST /vectorize`.
struct WeaviateVectorizeBody: Sendable {
    let texts: [String]
    let images: [ImageSource]

    /// Weaviate's client, which is written in Go, sends null for a list without elements.
    init(_ fields: PlainFields) throws(APIError) {
        texts = try Self.list(fields, "texts").map(\.string)
        // Base64 there, and nothing else: a blob of Weaviate's.
        images = try Self.list(fields, "images").map { .base64($0.utf8) }
    }

    private static func list(_ fields: PlainFields, _ name: String) throws(APIError) -> [JSONText] {
        guard let value = fields[name] else { return [] }
        var list: [JSONText] = []
        for element in value.elements ?? [.null] {
            guard case .string(let text) = element else {
                throw PlainFields.fault(name, "has to be a list of strings")
            }
            list.append(text)
        }
        return list
    }

    var items: [ComparisonItem] { texts.map(ComparisonItem.text) + images.map(ComparisonItem.image) }
}

extension RouteContext {
    func weaviateVectorize(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await desk.read(plain: input) { (fields) throws(APIError) in
            try WeaviateVectorizeBody(fields)
        }
        guard !body.items.isEmpty else { return Answer(Self.vectors([], texts: 0)) }
        do throws(EmbeddingError) {
            // Whole properties of objects come, of which that container's models read the beginning.
            let result = try await engine.embed(items: body.items, truncating: true, terms: input.terms)
            let count = result.embeddings.count * (result.embeddings.first?.values.count ?? 0)
            let bytes = try await desk.write(
                isLong: count > WireDesk.mostNumbersInPlace,
                for: input.terms.client
            ) { [texts = body.texts.count] isUnwanted in
                Self.vectors(result.embeddings.map(\.normalized), texts: texts, unless: isUnwanted)
            }
            return Answer(bytes, of: result)
        } catch {
            let place = error.position(among: body.items).map { position in
                position < body.texts.count
                    ? "text \(position + 1) of \(body.texts.count)"
                    : "image \(position - body.texts.count + 1) of \(body.images.count)"
            }
            return Answer(.embedding(error, place: place), model: named(nil, in: error))
        }
    }

    /// `textVectors` and `imageVectors`, of length one as that container's are.
    private static func vectors(
        _ embeddings: [Embedding],
        texts: Int,
        unless isUnwanted: () -> Bool = { false }
    ) -> [UInt8] {
        JSONWriter.object { writer in
            let width = embeddings.first?.values.count ?? 0
            writer.reserve(embeddings.count * width * JSONWriter.mostBytesPerNumber)
            for (name, part) in [
                ("textVectors", embeddings.prefix(texts)), ("imageVectors", embeddings.dropFirst(texts)),
            ] {
                writer.member(name) { writer in
                    writer.array { writer in
                        for embedding in part where !isUnwanted() { writer.numbers(embedding.values) }
                    }
                }
            }
        }
    }

    /// What Weaviate shows of its modules: there the configurations of the models.
    var weaviateMeta: Answer {
        let models = engine.models
        return Answer(
            JSONWriter.object { writer in
                writer.member("name", identity.name)
                writer.member("version", identity.version)
                writer.member("model", engine.defaultModel)
                guard let model = models.first(where: \.isDefault) else { return }
                writer.member("projection_dim") { $0.integer(model.embeddingWidth) }
                writer.towers(model.towers)
            }
        )
    }
}

extension Answer {
    /// The answer without a body that says the same: 204 where all is well.
    init(emptyFor answer: Answer) {
        self.init(status: answer.status == 200 ? 204 : answer.status, cause: answer.cause)
    }
}
