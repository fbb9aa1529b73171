import CLIPEngine

/// The routes that load models and let go of them.
extension RouteContext {
    /// The models in memory, and those that requests may bring there.
    var registry: Answer {
        Answer(RoboflowAnswers.registry(of: engine.catalogue, memory: engine.modelMemory))
    }

    func addModel(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await desk.read(input, beside: RoboflowQuery.problems(in: input.query)) {
            (fields) throws(APIError) in
            try ModelBody(&fields, isAddition: true)
        }
        let name = try Self.modelName(ofID: body.modelID)
        let family = ModelFamily.named(inID: body.modelID)
        do {
            // A load that has failed is tried again at once for those alone who run the server.
            let loadTime = try await engine.load(
                model: name,
                triesAnew: input.isOperators,
                terms: input.terms
            )
            var answer = registry
            answer.model = name
            answer.family = family.prefix
            answer.loadTime = loadTime
            return answer
        } catch {
            return Answer(.embedding(error, place: nil), model: named(name, in: error), family: family.prefix)
        }
    }

    /// Removing what is not there is no error, as with the real server.
    func removeModel(_ input: RouteInput) async throws(APIError) -> Answer {
        // That route has no query parameters.
        let body = try await desk.read(input) { (fields) throws(APIError) in
            try ModelBody(&fields, isAddition: false)
        }
        let id = body.modelID
        if let name = try? Self.modelName(ofID: id) { try? engine.unload(model: name) }
        return registry
    }

    func clearModels() -> Answer {
        engine.unloadAll()
        return registry
    }

    private static let longestID = 1200

    /// The name in an id such as `clip/ViT-B-32` or `perception_encoder/PE-Core-L14-336`.
    ///
    /// - Throws: 400 for what is not one word, or two with a slash between them, or a family and a repository's two; 404 for a
    ///   word alone and for models of other kinds.
    package static func modelName(ofID id: String) throws(APIError) -> String {
        // Taking a text apart takes long where it is long and odd, such as a megabyte of combining marks.
        guard id.utf8.count <= longestID else { throw .embedding(.invalidModelName(id), place: nil) }
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        let isFamily = ModelFamily.allCases.contains { parts[0] == $0.prefix }
        guard parts.count <= 2 || parts.count == 3 && isFamily, parts.allSatisfy({ !$0.isEmpty }) else {
            throw .embedding(.invalidModelName(id), place: nil)
        }
        guard parts.count > 1, isFamily else { throw .embedding(.unknownModel(id), place: nil) }
        return parts.dropFirst().joined(separator: "/")
    }
}
