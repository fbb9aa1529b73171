import CLIPEngine
internal import CLIPJSON

/// Hugging Face's text-embeddings-inference: `POST /embed`, as Chroma and huggingface_hub ask for it.
///
/// Source: text-embeddings-inference 1.9, `router/src/http/types.rs` and `server.rs`.
package enum TEIRoutes {
    package static let shape = Shape(
        [
            Route("/embed", ["POST"], wantsBody: true) { (context, input) throws(APIError) in
                try await context.teiEmbed(input)
            }
        ],
        errors: form,
        describedBy: PackageResources.tei_json
    )

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
        case .unauthorized: return "Unauthorized"
        case .embedding(.textTooLong, _), .embedding(.textTooLarge, _): return "Validation"
        case .embedding(let error, _) where error.textIndex != nil: return "Tokenizer"
        default: break
        }
        return switch error.status {
        case 429: "Overloaded"
        case 500: "Backend"
        case 503: "Unhealthy"
        // What HTTP has a status of its own for keeps it: 405, 413 and others.
        default: "Validation"
        }
    }
}
