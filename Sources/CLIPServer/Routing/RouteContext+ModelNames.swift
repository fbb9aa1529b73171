import CLIPEngine

extension RouteContext {
    /// The name that a client means who calls models as answers and lists do, such as `clip/ViT-B-32`; any other as it is.
    ///
    /// Only a name that is listed is found so, and only where nothing is listed under the whole of it.
    func listedName(_ asked: String) -> String {
        guard asked.utf8.count <= Self.longestName,
            let family = Self.familyPrefixes.first(where: asked.hasPrefix)
        else { return asked }
        let names = Set(engine.catalogue.map(\.name))
        func isListed(_ name: String) -> Bool {
            (try? engine.modelName(of: name)).map(names.contains) ?? false
        }
        let name = String(asked.dropFirst(family.count))
        return !isListed(asked) && isListed(name) ? name : asked
    }

    /// The model that a request names; nil for the server's default.
    ///
    /// - Throws: `unknownModel` for what no model can be called, too: only Roboflow's clients know that as another mistake.
    func requestedModel(_ asked: String?) throws(EmbeddingError) -> String? {
        guard let asked else { return nil }
        let name = listedName(asked)
        do throws(EmbeddingError) {
            _ = try engine.modelName(of: name)
        } catch {
            guard case .invalidModelName = error else { throw error }
            throw .unknownModel(asked)
        }
        return name
    }

    private static let familyPrefixes = ["clip/", "perception_encoder/"]
    /// In bytes; no name that is listed is longer.
    private static let longestName = 1200
}
