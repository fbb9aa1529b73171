import CLIPEngine

extension RouteContext {
    func openAIEmbeddings(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await desk.read(plain: input) { (fields) throws(APIError) in
            try EmbeddingsBody(fields)
        }
        do throws(EmbeddingError) {
            let result = try await engine.embed(
                items: body.items,
                model: requestedModel(body.model),
                truncating: body.truncates,
                terms: input.terms
            )
            if let refusal = result.refusal(ofDimensions: body.dimensions) { return refusal }
            let count = result.embeddings.count * (body.dimensions ?? result.width)
            let bytes = try await desk.write(
                isLong: count > WireDesk.mostNumbersInPlace,
                for: input.terms.client
            ) { [body] isUnwanted in
                OpenAIAnswers.embeddings(
                    result.embeddings.map { $0.unit(cutTo: body.dimensions) },
                    encoding: body.encoding,
                    model: result.report.model,
                    tokens: result.report.tokenCount,
                    unless: isUnwanted
                )
            }
            return Answer(bytes, of: result)
        } catch {
            let place = error.position(among: body.items).flatMap { position in
                body.items.count > 1 ? "input[\(position)]" : nil
            }
            return Answer(.embedding(error, place: place), model: named(body.model, in: error))
        }
    }

    /// The models that requests may name.
    func openAIModels(forInfinity: Bool) -> Answer {
        Answer(OpenAIAnswers.models(engine.catalogue, forInfinity: forInfinity))
    }

    func openAIModel(_ name: String) throws(APIError) -> Answer {
        // What no model can be called is not found here, as what none is called.
        guard let known = try? engine.modelName(of: listedName(name)),
            let model = engine.catalogue.first(where: { $0.name == known })
        else { throw .embedding(.unknownModel(name), place: nil) }
        return Answer(OpenAIAnswers.model(model))
    }
}
