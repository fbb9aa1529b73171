import CLIPEngine
internal import CLIPJSON

/// Hugging Face's text-embeddings-inference: `POST /embed`, as Chroma, Milvus and LangChain ask for it.
///
/// Source: text-embeddings-inference 1.8, `router/src/http/types.rs` and `server.rs`.
package enum TEIRoutes {
    /// In the order of the list at `/`.
    package static let all: [Route] = [
        Route("/embed", ["POST"], wantsBody: true, errors: form) { (context, input) throws(APIError) in
            try await context.teiEmbed(input)
        }
    ]

    /// `{"error", "error_type"}`, with the statuses that go with the types there.
    static let form = ErrorForm("TEIError") { error in
        switch (type(of: error), error.status) {
        case ("Validation", 400), ("Tokenizer", _): 422
        case ("Backend", _): 424
        default: error.status
        }
    } body: { error in
        JSONWriter.object { writer in
            writer.member("error", error.sentence)
            writer.member("error_type", type(of: error))
        }
    }

    private static func type(of error: APIError) -> String {
        switch error {
        case .embedding(.noTexts, _): return "Empty"
        case .embedding(let error, _) where error.textIndex != nil: return "Tokenizer"
        default: break
        }
        return switch error.status {
        case 429: "Overloaded"
        case 500: "Backend"
        case 503: "Unhealthy"
        // What HTTP has a status of its own for keeps it: 401, 405, 413 and others.
        default: "Validation"
        }
    }
}

/// The body of `POST /embed`.
struct TEIEmbedBody: Sendable {
    let texts: [String]
    let truncates: Bool
    let normalizes: Bool
    let dimensions: Int?

    init(_ fields: PlainFields) throws(APIError) {
        guard let texts = try fields.texts("inputs") else { throw PlainFields.fault("inputs", "is missing") }
        self.texts = texts
        truncates = try fields.boolean("truncate") ?? false
        normalizes = try fields.boolean("normalize") ?? true
        dimensions = try fields.wholeNumber("dimensions")
        if let dimensions, dimensions <= 0 {
            throw PlainFields.fault("dimensions", "has to be above zero")
        }
    }
}

extension RouteContext {
    func teiEmbed(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await desk.read(plain: input) { (fields) throws(APIError) in try TEIEmbedBody(fields) }
        do throws(EmbeddingError) {
            let result = try await engine.embed(
                texts: body.texts,
                truncating: body.truncates,
                terms: input.terms
            )
            if let refusal = result.refusal(ofDimensions: body.dimensions) { return refusal }
            let width = result.width
            let bytes = try await desk.write(
                isLong: result.embeddings.count * width > WireDesk.mostNumbersInPlace,
                for: input.terms.client
            ) { [body] isUnwanted in
                var writer = JSONWriter()
                writer.reserve(result.embeddings.count * width * JSONWriter.mostBytesPerNumber)
                writer.array { writer in
                    for embedding in result.embeddings where !isUnwanted() {
                        let cut = body.dimensions.map(embedding.prefix) ?? embedding
                        writer.numbers((body.normalizes ? cut.normalized : cut).values)
                    }
                }
                return writer.bytes
            }
            return Answer(bytes, of: result)
        } catch {
            let place = error.textIndex.flatMap { index in
                body.texts.count > 1 ? "input \(index + 1) of \(body.texts.count)" : nil
            }
            return Answer(.embedding(error, place: place), model: named(nil, in: error))
        }
    }
}
