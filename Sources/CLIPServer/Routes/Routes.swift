package import CLIPEngine

/// Answers requests that were read and told apart already.
package struct Routes: Sendable {
    let engine: EmbeddingEngine
    let identity: ServerIdentity
    /// Where long bodies are read and long answers written.
    let desk: WireDesk
    /// Whether the server takes requests at this moment; false once it has been told to stop.
    let isAccepting: @Sendable () -> Bool

    package init(
        engine: EmbeddingEngine,
        identity: ServerIdentity,
        isAccepting: @escaping @Sendable () -> Bool = { true }
    ) {
        self.engine = engine
        self.identity = identity
        desk = WireDesk()
        self.isAccepting = isAccepting
    }

    /// The answer of a route.
    package func answer(of route: Route, to input: RouteInput) async -> Answer {
        do throws(APIError) {
            return switch route {
            case .embedImage: try await embedImage(input, family: .clip)
            case .embedText: try await embedText(input, family: .clip)
            case .compare: try await compare(input, family: .clip)
            case .embedPerceptionImage: try await embedImage(input, family: .perceptionEncoder)
            case .embedPerceptionText: try await embedText(input, family: .perceptionEncoder)
            case .comparePerception: try await compare(input, family: .perceptionEncoder)
            case .addModel: try await addModel(input)
            case .removeModel: try await removeModel(input)
            case .clearModels: clearModels()
            case .registry: registry
            case .info:
                Answer(
                    Answers.info(
                        identity,
                        models: engine.models,
                        decoding: engine.decoding,
                        caches: engine.cacheStatistics
                    )
                )
            case .health: health
            case .readiness: readiness
            case .clearCache: clearCaches()
            case .index: index
            }
        } catch {
            return Answer(error)
        }
    }

    /// The model that `x-model-id` names beside an error; nil where there is none.
    ///
    /// - Parameter model: the name that the request gave, if it gave one.
    func named(_ model: String?, in error: EmbeddingError) -> String? {
        switch error {
        case .unknownModel, .modelNotAllowed, .notPerceptionEncoder, .invalidModelName: nil
        default: model ?? engine.defaultModel
        }
    }

    /// The answer of a route that asks how the server is, which waits for nothing; nil for others.
    package func probe(_ route: Route) -> Answer? {
        switch route {
        case .health: health
        case .readiness: readiness
        default: nil
        }
    }

    private var health: Answer { Self.health(problem: engine.healthProblem) }

    /// Whether the process can go on.
    ///
    /// - Parameter problem: why it cannot.
    package static func health(problem: String?) -> Answer {
        guard let problem else { return Answer(Answers.status("healthy")) }
        let body = Answers.object { writer in
            writer.member("status", "unhealthy")
            writer.member("reason", problem)
        }
        return Answer(body, refusedWith: 503, cause: unwell(problem))
    }

    private static func unwell(_ problem: String) -> String { "The engine is not well: \(problem)." }

    private var readiness: Answer {
        let cause: String? =
            if !isAccepting() {
                "The server has been told to stop."
            } else if let problem = engine.healthProblem {
                Self.unwell(problem)
            } else if engine.lacksDefaultModel {
                "The default model cannot be had, and is tried again; lines above say why."
            } else if !engine.isReady {
                "Not all models are loaded."
            } else {
                nil
            }
        guard let cause else { return Answer(Answers.status("ready")) }
        return Answer(Answers.status("not ready"), refusedWith: 503, cause: cause)
    }

    private var index: Answer {
        let routes = Route.allCases.map { route in
            "\(route.methods[0])\(route.methods[0].count == 3 ? " " : "") \(route.rawValue)\n"
        }
        var answer = Answer(
            Array(
                "\(identity.name) \(identity.version): CLIP embeddings over HTTP\n\n\(routes.joined())".utf8
            )
        )
        answer.contentType = "text/plain; charset=utf-8"
        return answer
    }
}
