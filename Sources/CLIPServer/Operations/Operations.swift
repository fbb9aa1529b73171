internal import CLIPEngine
internal import HTTPTypes

/// Routes for operators and their tools: the server's state, what it is, and clearing its caches.
package enum Operations {
    package static let info = Route("/info", ["GET", "HEAD"]) { (context, _) throws(APIError) in
        Answer(
            StateAnswers.info(
                context.identity,
                models: context.engine.models,
                decoding: context.engine.decoding,
                caches: context.engine.cacheStatistics,
                pictures: context.pictures
            )
        )
    }
    package static let health = Route(probe: "/healthz") { health(problem: $0.engine.healthProblem) }
    package static let readiness = Route(probe: "/readiness", state: readiness(of:))
    // As on Roboflow's server, this GET changes the server; HEAD must not, so it is not answered.
    package static let clearCache = Route("/clear_cache", ["GET"], purpose: .management) {
        (context, _) throws(APIError) in
        context.engine.clearCaches()
        return Answer(Array(#""Cache Cleared""#.utf8))
    }
    package static let index = Route("/", ["GET", "HEAD"], purpose: .open) {
        (context, input) throws(APIError) in
        index(of: context, asPage: AcceptField.wantsPage(input.accept))
    }

    package static let shape = Shape(
        [info, health, readiness, metrics, clearCache, index],
        describedBy: PackageResources.operations_json
    )

    /// Whether the process can continue.
    ///
    /// - Parameter problem: why it cannot; nil if it can.
    package static func health(problem: String?) -> Answer {
        guard let problem else { return Answer(StateAnswers.status("healthy")) }
        let body = JSONWriter.object { writer in
            writer.member("status", "unhealthy")
            writer.member("reason", problem)
        }
        return Answer(body, refusedWith: 503, cause: unwell(problem))
    }

    private static func unwell(_ problem: String) -> String { "The engine is not well: \(problem)." }

    /// Whether the server should get requests.
    package static func readiness(of context: RouteContext) -> Answer {
        let cause: String? =
            if !context.isAccepting() {
                "The server has been told to stop."
            } else if let problem = context.engine.healthProblem {
                unwell(problem)
            } else if context.engine.lacksDefaultModel {
                "The default model cannot be had, and is tried again; lines above say why."
            } else if !context.engine.isReady {
                "Not all models are loaded."
            } else {
                nil
            }
        guard let cause else { return Answer(StateAnswers.status("ready")) }
        return Answer(StateAnswers.status("not ready"), refusedWith: 503, cause: cause)
    }

    /// The page for browsers, and the list of routes for other clients.
    private static func index(of context: RouteContext, asPage: Bool) -> Answer {
        var answer = asPage ? Answer(context.page) : list(of: context.identity)
        answer.fields[.vary] = "Accept"
        return answer
    }

    private static func list(of identity: ServerIdentity) -> Answer {
        let routes = RouteTable.all.map { route in
            "\(route.methods[0])\(route.methods[0].count == 3 ? " " : "") \(route.path)\n"
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
