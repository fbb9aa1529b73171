package import CLIPEngine

/// What every route answers with.
package struct RouteContext: Sendable {
    let engine: EmbeddingEngine
    let identity: ServerIdentity
    /// Where long bodies are read and long answers written.
    let desk: WireDesk
    let metrics: ServerMetrics
    /// What `/openapi.json` answers.
    let document: ServedFile
    /// Whether the server takes requests at this moment; false once it has been told to stop.
    let isAccepting: @Sendable () -> Bool

    package init(
        engine: EmbeddingEngine,
        identity: ServerIdentity,
        configuration: ServerConfiguration = ServerConfiguration(),
        metrics: ServerMetrics = ServerMetrics(),
        isAccepting: @escaping @Sendable () -> Bool = { true }
    ) {
        self.engine = engine
        self.identity = identity
        self.metrics = metrics
        desk = WireDesk()
        let facts = DocumentFacts(engine: engine, configuration: configuration, version: identity.version)
        document = APIDocument(facts).file
        self.isAccepting = isAccepting
    }

    /// The answer of a route to a request that was read.
    package func answer(of route: Route, to input: RouteInput) async -> Answer {
        do throws(APIError) {
            return try await route.answer(self, input)
        } catch {
            return Answer(error)
        }
    }

    /// The answer of a route that asks how the server is, which waits for nothing; nil for others.
    package func probe(_ route: Route) -> Answer? { route.state.map { $0(self) } }

    /// The model that `x-model-id` names beside an error; nil where there is none.
    ///
    /// - Parameter model: the name that the request gave, if it gave one.
    func named(_ model: String?, in error: EmbeddingError) -> String? {
        switch error {
        case .unknownModel, .modelNotAllowed, .notPerceptionEncoder, .invalidModelName: nil
        default: model ?? engine.defaultModel
        }
    }
}
