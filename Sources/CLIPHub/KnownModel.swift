/// A model with a short name, and the place of its files.
public struct KnownModel: Equatable, Sendable {
    /// The model's usual name.
    public let name: String
    /// The repository of the model.
    public let repository: HubRepository
    /// The commit that is used; nil if none is recorded here, and then the newest state is used.
    public let revision: String?
    /// Whether other states of the repository give other embeddings.
    public let isExact: Bool
    /// The licence, from the repository's page.
    public let licence: String
    /// The languages of the texts that the model reads.
    public let languages: Languages
    /// The approximate number of megabytes to fetch; nil if it was not measured.
    public let megabytes: Int?
    /// Whether Roboflow's server has a version of this name.
    public let isRoboflows: Bool

    /// The languages that a model was trained to read.
    public enum Languages: String, Equatable, Sendable {
        case english = "English"
        /// A hundred languages and more, Korean among them.
        case many = "many, Korean among them"
    }

    /// The request to the hub: the commit or, if it is not in the cache and the hub is not available, any state that
    /// is.
    public var request: HubRequest {
        // Both values are checked when the table is made.
        get throws(HubError) {
            try HubRequest(
                repository: repository,
                revision: revision ?? HubRequest.main,
                isExact: isExact
            )
        }
    }
}

extension KnownModel {
    /// The model with a name, in upper or lower case.
    ///
    /// `/` may replace `-`, and OpenAI's own spellings, such as `ViT-L/14@336px`, are read too.
    public static func named(_ name: String) -> KnownModel? {
        let plain = plain(name)
        return all.first { Self.plain($0.name) == plain }
    }

    /// Up to three names that are similar to a name.
    public static func names(similarTo name: String) -> [String] {
        let plain = plain(name)
        guard plain.utf8.count <= 60 else { return [] }
        return all.map { ($0.name, distance(Self.plain($0.name), plain)) }
            .filter { $0.1 <= max(2, plain.utf8.count / 4) }
            .sorted { $0.1 < $1.1 }.prefix(3).map(\.0)
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().map { "/@_ ".contains($0) ? "-" : $0 })
    }

    /// How many letters have to be changed, added or left out to make one name of the other.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        var row = Array(0...other.count)
        for (i, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, otherByte) in other.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (byte == otherByte ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[other.count]
    }
}
