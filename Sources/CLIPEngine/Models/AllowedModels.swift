/// Which models requests may load besides the configured ones.
public enum AllowedModels: Equatable, Sendable {
    /// None: models that are not configured are unknown.
    case none
    /// Every name that the provider knows.
    case known
    /// Every name that matches one of these patterns: a name, or `owner/repository`, where `*` stands for any
    /// characters but a slash.
    ///
    /// A pattern with a slash lets requests name matching repositories, and known models that come from them.
    case matching([String])

    /// The versions that Roboflow's server loads when a request names one: nine of CLIP and two of Perception Encoder.
    public static let roboflow = AllowedModels.matching(
        roboflowVersions + ["PE-Core-L14-336", "PE-Core-B16-224"]
    )

    /// The names that Roboflow's server has for OpenAI's models.
    package static let roboflowVersions = [
        "RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-16", "ViT-B-32", "ViT-L-14", "ViT-L-14-336px",
    ]

    /// Whether requests may name one of the provider's models.
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

    /// Whether requests may name this repository.
    package func allowsRepository(_ name: String) -> Bool {
        guard case .matching(let patterns) = self else { return false }
        return patterns.contains { Self.fits(name, $0) }
    }

    /// What is wrong with the patterns, in sentences that name the flag; `provider` is nil if nothing fetches models.
    package func problems(_ provider: ModelProvider?) -> [String] {
        guard case .matching(let patterns) = self else { return [] }
        return patterns.compactMap { pattern in
            let filled = pattern.replacing("*", with: "a")
            let isRepository = provider?.isRepository(filled) ?? false
            guard isRepository || EngineConfiguration.isModelName(filled) else {
                return
                    "--allow-models has '\(pattern)'; write none, known, or names such as ViT-B-32 and "
                    + "repositories such as google/siglip2-*, separated by commas."
            }
            guard let provider, !isRepository else { return nil }
            return provider.names.contains { Self.fits($0, pattern) }
                ? nil
                : "--allow-models has '\(pattern)', which is no model that is known here; clip models lists them."
        }
    }

    /// Whether a pattern matches a whole name; `*` stands for any characters but a slash.
    private static func fits(_ name: String, _ pattern: String) -> Bool {
        var names = [Array(name.utf8)[...]]
        // Both are short: names have at most 200 characters, and patterns are the operator's.
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
