import CLIPEngine

extension RouteContext {
    func weaviateVectorize(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await desk.read(plain: input) { (fields) throws(APIError) in
            try WeaviateVectorizeBody(fields)
        }
        guard !body.items.isEmpty else { return Answer(WeaviateAnswers.vectors([], texts: 0)) }
        do throws(EmbeddingError) {
            // Whole properties of objects come, of which that container's models read the beginning.
            let result = try await engine.embed(items: body.items, truncating: true, terms: input.terms)
            let count = result.embeddings.count * (result.embeddings.first?.values.count ?? 0)
            let bytes = try await desk.write(
                isLong: count > WireDesk.mostNumbersInPlace,
                for: input.terms.client
            ) { [texts = body.texts.count] isUnwanted in
                WeaviateAnswers.vectors(result.embeddings.map(\.normalized), texts: texts, unless: isUnwanted)
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
