import CLIPEngine

/// Roboflow Inference Server's routes: CLIP's and Perception Encoder's, with the same three each, and those of its model registry.
///
/// Source: what that server (1.8.3) answers, recorded in Documentation/Compatibility.md.
package enum RoboflowRoutes {
    /// What a family's routes do.
    private enum Work: String, CaseIterable {
        case embedImage = "embed_image"
        case embedText = "embed_text"
        case compare

        /// The tower without which a route answers nothing.
        var tower: Tower? {
            switch self {
            case .embedImage: .image
            case .embedText: .text
            case .compare: nil
            }
        }

        func route(of family: ModelFamily) -> Route {
            Route("/\(family.prefix)/\(rawValue)", ["POST"], wantsBody: true) {
                (context, input) throws(APIError) in
                switch self {
                case .embedImage: try await context.embedImage(input, family: family)
                case .embedText: try await context.embedText(input, family: family)
                case .compare: try await context.compare(input, family: family)
                }
            }
        }
    }

    /// The routes that run a model, by family.
    private static let embedding: [(family: ModelFamily, tower: Tower?, route: Route)] =
        ModelFamily.allCases.flatMap { family in
            Work.allCases.map { (family, $0.tower, $0.route(of: family)) }
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

    package static let shape = Shape(
        embedding.map(\.route) + models,
        describedBy: PackageResources.roboflow_json,
        PackageResources.roboflow_schemas_json
    )

    /// The paths that run a family's models, as far as they have these towers.
    static func paths(of family: ModelFamily, towers: [Tower]) -> [String] {
        embedding.filter { $0.family == family && $0.tower.map(towers.contains) ?? true }.map(\.route.path)
    }
}
