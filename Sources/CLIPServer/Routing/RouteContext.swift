package import CLIPEngine
package import CLIPIndex

/// What routes need to answer.
package struct RouteContext: Sendable {
    let engine: EmbeddingEngine
    let identity: ServerIdentity
    /// Reads long bodies and writes long answers.
    let desk: WireDesk
    let metrics: ServerMetrics
    /// The index of the operator's pictures; nil if there is none.
    let pictures: PictureSearch?
    /// The answer of `/openapi.json`.
    let document: ServedFile
    /// The page that browsers get at `/`.
    let page: ServedFile
    /// Whether the server accepts requests; false once it has been told to stop.
    let isAccepting: @Sendable () -> Bool

    package init(
        engine: EmbeddingEngine,
        identity: ServerIdentity,
        configuration: ServerConfiguration = ServerConfiguration(),
        metrics: ServerMetrics = ServerMetrics(),
        pictures: PictureSearch? = nil,
        isAccepting: @escaping @Sendable () -> Bool = { true }
    ) {
        self.engine = engine
        self.identity = identity
        self.metrics = metrics
        self.pictures = pictures
        desk = WireDesk()
        let facts = DocumentFacts(engine: engine, configuration: configuration, version: identity.version)
        document = APIDocument(facts).file
        page = PageFiles.index(asksForKeys: facts.asksForKeys, hasPictures: pictures != nil)
        self.isAccepting = isAccepting
    }

    /// The answer of a route to a request that has been received.
    package func answer(of route: Route, to input: RouteInput) async -> Answer {
        do throws(APIError) {
            return try await route.answer(self, input)
        } catch {
            return Answer(error)
        }
    }

    /// The answer of a route about the server's state; nil for other routes.
    package func probe(_ route: Route) -> Answer? { route.state.map { $0(self) } }

    /// The model that `x-model-id` names with an error; nil if there is none.
    ///
    /// - Parameter model: the name in the request, if it has one.
    func named(_ model: String?, in error: EmbeddingError) -> String? {
        switch error {
        case .unknownModel, .modelNotAllowed, .notPerceptionEncoder, .invalidModelName: nil
        default: model ?? engine.defaultModel
        }
    }
}
