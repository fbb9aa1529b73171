import CLIPEngine

/// What a request is for.
package enum Route: String, CaseIterable, Sendable {
    case embedImage = "/clip/embed_image"
    case embedText = "/clip/embed_text"
    case compare = "/clip/compare"
    case embedPerceptionImage = "/perception_encoder/embed_image"
    case embedPerceptionText = "/perception_encoder/embed_text"
    case comparePerception = "/perception_encoder/compare"
    case addModel = "/model/add"
    case removeModel = "/model/remove"
    case clearModels = "/model/clear"
    case registry = "/model/registry"
    case info = "/info"
    case health = "/healthz"
    case readiness = "/readiness"
    case clearCache = "/clear_cache"
    case index = "/"

    /// Which models it runs; nil for one that runs none.
    package var family: ModelFamily? {
        switch self {
        case .embedImage, .embedText, .compare: .clip
        case .embedPerceptionImage, .embedPerceptionText, .comparePerception: .perceptionEncoder
        case .addModel, .removeModel, .clearModels, .registry, .info, .health, .readiness, .clearCache,
            .index:
            nil
        }
    }

    /// The tower without which it answers nothing; nil where there is none such.
    var tower: Tower? {
        switch self {
        case .embedImage, .embedPerceptionImage: .image
        case .embedText, .embedPerceptionText: .text
        case .compare, .comparePerception, .addModel, .removeModel, .clearModels, .registry, .info, .health,
            .readiness, .clearCache, .index:
            nil
        }
    }

    /// Whether it changes what the server holds.
    var isManagement: Bool {
        switch self {
        case .addModel, .removeModel, .clearModels, .clearCache: true
        case .embedImage, .embedText, .compare, .embedPerceptionImage, .embedPerceptionText,
            .comparePerception, .registry, .info, .health, .readiness, .index:
            false
        }
    }

    /// Whether it is answered without a key where there are keys.
    var isOpen: Bool {
        switch self {
        case .health, .readiness, .index: true
        case .embedImage, .embedText, .compare, .embedPerceptionImage, .embedPerceptionText,
            .comparePerception, .addModel, .removeModel, .clearModels, .registry, .info,
            .clearCache:
            false
        }
    }

    /// Methods that the route answers.
    package var methods: [String] {
        switch self {
        case .embedImage, .embedText, .compare, .embedPerceptionImage, .embedPerceptionText,
            .comparePerception, .addModel, .removeModel, .clearModels:
            ["POST"]
        // The real server answers HEAD with 405 on most of these; load balancers ask with it.
        case .registry, .info, .health, .readiness, .index: ["GET", "HEAD"]
        // With the real server GET changes something here; HEAD must not.
        case .clearCache: ["GET"]
        }
    }

    /// Whether the route reads a body.
    package var wantsBody: Bool {
        switch self {
        case .embedImage, .embedText, .compare, .embedPerceptionImage, .embedPerceptionText,
            .comparePerception, .addModel, .removeModel:
            true
        case .clearModels, .registry, .info, .health, .readiness, .clearCache, .index: false
        }
    }

    /// The route of a request line, whose path may have percent escapes.
    ///
    /// - Throws: 404 for an unknown path asked for with GET or HEAD; 405 for the wrong method of a known path and, as
    ///   with the real server, whose files are mounted beneath every path, for other methods of unknown ones.
    package static func of(method: String, path: String) throws(APIError) -> Route {
        guard let route = Route(rawValue: PercentEncoding.decoded(path)) else {
            let isRead = method == "GET" || method == "HEAD"
            throw isRead ? .notFound : .methodNotAllowed(allowed: ["GET", "HEAD"])
        }
        guard route.methods.contains(method) else { throw .methodNotAllowed(allowed: route.methods) }
        return route
    }
}
