import CLIPEngine

/// Roboflow Inference Server's routes: CLIP's and Perception Encoder's, with the same three each, and those of its model registry.
///
/// Source: what that server (1.8.3) answers, recorded in Documentation/Compatibility.md.
package enum RoboflowRoutes {
    /// What a family's routes do, with the tower without which each answers nothing.
    private static let work: [(name: String, tower: Tower?, answer: Work)] = [
        (
            "embed_image", .image,
            { (context, input, family) throws(APIError) in
                try await context.embedImage(input, family: family)
            }
        ),
        (
            "embed_text", .text,
            { (context, input, family) throws(APIError) in
                try await context.embedText(input, family: family)
            }
        ),
        (
            "compare", nil,
            { (context, input, family) throws(APIError) in
                try await context.compare(input, family: family)
            }
        ),
    ]

    private typealias Work =
        @Sendable (RouteContext, RouteInput, ModelFamily) async throws(APIError) -> Answer

    /// The routes that run a model, by family.
    private static let embedding: [(family: ModelFamily, tower: Tower?, route: Route)] =
        ModelFamily.allCases.flatMap { family in
            work.map { name, tower, answer in
                let route = Route("/\(family.prefix)/\(name)", ["POST"], wantsBody: true) {
                    (context, input) throws(APIError) in
                    try await answer(context, input, family)
                }
                return (family, tower, route)
            }
        }

    private static let models: [Route] = [
        Route("/model/add", ["POST"], purpose: .management, wantsBody: true) {
            (context, input) throws(APIError) in try await context.addModel(input)
        },
        Route("/model/remove", ["POST"], purpose: .management, wantsBody: true) {
            (context, input) throws(APIError) in try await context.removeModel(input)
        },
        Route("/model/clear", ["POST"], purpose: .management) { (context, _) throws(APIError) in
            context.clearModels()
        },
        // That server answers HEAD with 405; load balancers ask with it.
        Route("/model/registry", ["GET", "HEAD"]) { (context, _) throws(APIError) in context.registry },
    ]

    /// In the order of the list at `/`.
    package static let all: [Route] = embedding.map(\.route) + models

    /// The paths that run a family's models, as far as they have these towers.
    static func paths(of family: ModelFamily, towers: [Tower]) -> [String] {
        embedding.filter { $0.family == family && $0.tower.map(towers.contains) ?? true }.map(\.route.path)
    }
}
