/// A repository of models on the hub, such as `timm/vit_base_patch32_clip_224.openai`.
public struct HubRepository: Hashable, Sendable, CustomStringConvertible {
    /// The person or the organisation to whom it belongs.
    public let owner: String
    /// The name of the repository within its owner's.
    public let name: String

    /// Reads `owner/name`.
    ///
    /// - Throws: `invalidName` if the hub allows no such name, or if it would lead to another path in the cache.
    public init(_ text: String) throws(HubError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isPart), !text.hasSuffix(".git"), text.utf8.count <= 96
        else { throw .invalidName(text) }
        owner = String(parts[0])
        name = String(parts[1])
    }

    /// The name in full, such as `timm/resnet50_clip.openai`.
    public var description: String { "\(owner)/\(name)" }

    /// The folder of the repository in a cache.
    package var folder: String { "models--\(owner)--\(name)" }

    /// The rules of `huggingface_hub` 2.4, `validate_repo_id`: no `--` and `..`, and no `-` or `.` at an end.
    private static func isPart(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, let last = part.utf8.last else { return false }
        let ends: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: ".")]
        return !ends.contains(first) && !ends.contains(last) && !part.contains("--") && !part.contains("..")
            && part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
