/// A model that has a name here, and where its files are.
public struct KnownModel: Equatable, Sendable {
    /// What people call it.
    public let name: String
    /// Where it comes from.
    public let repository: HubRepository
    /// The commit that is used; nil where none is known here, and the newest state is.
    public let revision: String?
    /// Whether another state of the repository makes other embeddings.
    public let isExact: Bool
    /// By the repository's page.
    public let licence: String
    /// The languages that texts may be in.
    public let languages: Languages
    /// About how many megabytes are fetched; nil where nobody has looked.
    public let megabytes: Int?
    /// Whether Roboflow's server has a version of that name.
    public let isRoboflows: Bool

    /// Which languages a model was trained to read.
    public enum Languages: String, Equatable, Sendable {
        case english = "English"
        /// A hundred and more, Korean among them.
        case many = "many, Korean among them"
    }

    /// What is asked of the hub: the commit, and where that is not here and the hub is away, any that is.
    public var request: HubRequest {
        // Both are checked when the table is made.
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
    /// The model of a name, in any case of letters; `/` in the place of `-` and OpenAI's own spellings, such as
    /// `ViT-L/14@336px`, are read, too.
    public static func named(_ name: String) -> KnownModel? {
        let plain = plain(name)
        return all.first { Self.plain($0.name) == plain }
    }

    /// Up to three names that are much like another one.
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

    /// How many letters have to be changed, added or left out.
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
