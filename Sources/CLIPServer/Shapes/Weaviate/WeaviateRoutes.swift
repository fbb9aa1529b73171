import CLIPEngine
internal import CLIPJSON

/// What Weaviate's module multi2vec-clip asks its inference container for.
///
/// Source: weaviate/multi2vec-clip-inference, `app.py` and `clip.py`; the module's client in Weaviate, `modules/multi2vec-clip/clients`.
package enum WeaviateRoutes {
    package static let shape = Shape(
        [
            Route("/vectorize", ["POST"], wantsBody: true) { (context, input) throws(APIError) in
                try await context.weaviateVectorize(input)
            },
            Route("/meta", ["GET", "HEAD"]) { (context, _) throws(APIError) in context.weaviateMeta },
            Route(probe: "/.well-known/live") {
                Answer(emptyFor: Operations.health(problem: $0.engine.healthProblem))
            },
            Route(probe: "/.well-known/ready") { Answer(emptyFor: Operations.readiness(of: $0)) },
        ],
        errors: form,
        describedBy: PackageResources.weaviate_json
    )

    /// `{"error": ...}`.
    static let form = ErrorForm("WeaviateError") { error in
        JSONWriter.object { $0.member("error", error.sentence) }
    }
}

extension Answer {
    /// The answer without a body that says the same: 204 where all is well.
    init(emptyFor answer: Answer) {
        self.init(status: answer.status == 200 ? 204 : answer.status, cause: answer.cause)
    }
}
