import CLIPEngine

/// OpenAI's embeddings API, as its own client, LangChain, LlamaIndex and others speak it, with what Infinity and Jina add for
/// pictures.
///
/// Sources: OpenAI's API reference and client (openai 3.57); Infinity 0.0.77, `fastapi_schemas/pymodels.py`, and its client
/// (infinity_client 0.0.78); Jina's embeddings API.
package enum OpenAIRoutes {
    /// The paths without `/v1` are Infinity's.
    package static let shape = Shape(
        // A path has one route. TEI's probes ask this one, too; it is here since Infinity's clients ask it before they send, and
        // TEI's ask for nothing but `/embed`.
        embeddings + [Route(probe: "/health", state: Operations.readiness(of:))],
        errors: form,
        start: "/v1/",
        describedBy: PackageResources.openai_json
    )

    private static let embeddings: [Route] = ["/v1", ""].flatMap { start in
        [
            Route(start + "/embeddings", ["POST"], wantsBody: true) {
                (context, input) throws(APIError) in try await context.openAIEmbeddings(input)
            },
            Route(start + "/models", ["GET", "HEAD"]) { (context, _) throws(APIError) in
                context.openAIModels(forInfinity: start.isEmpty)
            },
            Route(start + "/models/{model}", ["GET", "HEAD"]) {
                (context, input) throws(APIError) in try context.openAIModel(input.rest ?? "")
            },
        ]
    }

    /// `{"error": {"message", "type", "param", "code"}}`, by which OpenAI's client tells errors apart.
    package static let form = ErrorForm("OpenAIError") { error in
        // OpenAI has no 422: what is wrong with a body is a 400 there.
        error.status == 422 ? 400 : error.status
    } body: { error in
        JSONWriter.object { writer in
            writer.member("error") { writer in
                writer.object { writer in
                    writer.member("message", error.sentence(withModelsAt: "/v1/models"))
                    writer.member("type", type(of: error.status))
                    writer.member("param", param(of: error))
                    writer.member("code", code(of: error))
                }
            }
        }
    }

    private static func type(of status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    private static func param(of error: APIError) -> String? {
        switch error {
        case .invalidField(let fault): fault.field
        case .embedding(let error, _) where error.isOfModelName: "model"
        case .embedding(let error, _) where error.isOfItem: "input"
        default: nil
        }
    }

    private static func code(of error: APIError) -> String? {
        switch error {
        case .unauthorized: "invalid_api_key"
        case .notFound: "not_found"
        case .embedding(let error, _):
            switch error {
            case _ where error.isOfMissingModel: "model_not_found"
            case .overloaded: "rate_limit_exceeded"
            case .textTooLong, .textTooLarge: "context_length_exceeded"
            default: nil
            }
        default: nil
        }
    }
}

extension EmbeddingError {
    /// Whether there is no such model here, and so none to wait for.
    fileprivate var isOfMissingModel: Bool {
        switch self {
        case .unknownModel, .modelNotAllowed, .modelNotFetched(_, _, .notFound),
            .modelNotFetched(_, _, .notAllowed), .modelNotFetched(_, _, .offline):
            true
        case .heldOff(let error, _): error.isOfMissingModel
        default: false
        }
    }

    /// Whether another name is what helps.
    fileprivate var isOfModelName: Bool {
        if case .invalidModelName = self { true } else { isOfMissingModel }
    }

    /// Whether it is what is to be embedded that is wrong.
    fileprivate var isOfItem: Bool {
        switch self {
        case .image, .noTexts, .noImages, .tooManyImages, .tooManyTexts: true
        default: textIndex != nil
        }
    }
}
