import CLIPEngine

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
