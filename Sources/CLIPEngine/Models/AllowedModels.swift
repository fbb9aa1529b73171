/// Which models requests may bring into memory beside the configured ones.
public enum AllowedModels: Equatable, Sendable {
    /// None: what is not configured is unknown.
    case none
    /// Every name that the provider knows.
    case known
    /// What one of these fits: a name, or `owner/repository`, where a `*` stands for any characters but a slash.
    ///
    /// With a slash it allows requests to name repositories, and the known names of models that come from there.
    case matching([String])

    /// The versions of Roboflow's server, which loads them when a request names one.
    public static let roboflow = AllowedModels.matching(roboflowVersions)

    /// What that server calls OpenAI's models.
    package static let roboflowVersions = [
        "RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-16", "ViT-B-32", "ViT-L-14", "ViT-L-14-336px",
    ]

    /// Whether a request may name a model that the provider knows.
    package func allow(_ offer: ModelProvider.Offer) -> Bool {
        switch self {
        case .none: false
        case .known: true
        case .matching(let patterns):
            patterns.contains { pattern in
                Self.fits(offer.name, pattern)
                    || offer.origin.map { Self.fits($0.repository, pattern) } ?? false
            }
        }
    }

    /// Whether a request may name a repository itself.
    package func allowsRepository(_ name: String) -> Bool {
        guard case .matching(let patterns) = self else { return false }
        return patterns.contains { Self.fits(name, $0) }
    }

    /// What is wrong with the patterns, in sentences that name the flag; `names` are those that the provider knows.
    package func problems(names: [String]?) -> [String] {
        guard case .matching(let patterns) = self else { return [] }
        return patterns.compactMap { pattern in
            guard Self.isPattern(pattern) else {
                return
                    "--allow-models has '\(pattern)'; write none, known, or names such as ViT-B-32 and "
                    + "repositories such as google/siglip2-*, separated by commas."
            }
            guard let names, !pattern.contains("/") else { return nil }
            return names.contains { Self.fits($0, pattern) }
                ? nil
                : "--allow-models has '\(pattern)', which is no model that is known here; clip models lists them."
        }
    }

    /// Whether a name is that of a repository: two parts that are no folders above or hidden ones.
    package static func isRepository(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                EngineConfiguration.isModelName(String(part)) && part.utf8.count <= 96
                    && part.first != "." && part.first != "-" && !part.contains("..")
            }
    }

    private static func isPattern(_ text: String) -> Bool {
        let filled = text.replacing("*", with: "a")
        return EngineConfiguration.isModelName(filled) || isRepository(filled)
    }

    /// Whether a pattern fits all of a name; a star stands for any characters but a slash.
    private static func fits(_ name: String, _ pattern: String) -> Bool {
        var names = [Array(name.utf8)[...]]
        // Names have 200 characters at most, and patterns are the operator's.
        for byte in pattern.utf8 {
            if byte == UInt8(ascii: "*") {
                let longest = names.max { $0.count < $1.count } ?? []
                let open = longest.prefix { $0 != UInt8(ascii: "/") }.count
                names = (0...open).map { longest.dropFirst($0) }
            } else {
                names = names.compactMap { $0.first == byte ? $0.dropFirst() : nil }
            }
            guard !names.isEmpty else { return false }
        }
        return names.contains { $0.isEmpty }
    }
}
