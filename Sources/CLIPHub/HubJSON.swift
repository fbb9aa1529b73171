internal import CLIPJSON
internal import Foundation

/// The parts of the hub's and the repositories' JSON that are used.
enum HubJSON {
    /// The hub's answer about a revision.
    struct List {
        /// The repository's name, which may differ from the requested one; nil if a mirror does not say.
        let repository: HubRepository?
        let commit: String
        let files: [String]
    }

    /// The hub's answer about a revision; nil if the data are not such an answer.
    static func list(_ data: Data) -> List? {
        guard let object = value(data)?.object, let commit = object["sha"]?.text, HubRequest.isCommit(commit),
            let siblings = object["siblings"]?.elements
        else { return nil }
        return List(
            repository: object["id"]?.text.flatMap { try? HubRepository($0) },
            commit: commit,
            files: siblings.compactMap { $0.object?["rfilename"]?.text }.filter(isFileName)
        )
    }

    /// The names of the files with weights, from an index of shards; nil if the data are not an index.
    static func shards(_ data: Data) -> Set<String>? {
        guard let map = value(data)?.object?["weight_map"]?.object?.members, !map.isEmpty else { return nil }
        let shards = map.compactMap(\.value.text)
        guard shards.count == map.count else { return nil }
        let names = Set(shards)
        let areWeights = names.allSatisfy {
            isFileName($0) && !$0.contains("/") && $0.hasSuffix(".safetensors")
        }
        return names.count <= 1000 && areWeights ? names : nil
    }

    /// The folder of the CLIP in a sentence-transformers repository; nil if none is named.
    static func clipFolder(_ data: Data) -> String? {
        guard let modules = value(data)?.elements else { return nil }
        return modules.lazy.compactMap { module -> String? in
            guard let type = module.object?["type"]?.text, let path = module.object?["path"]?.text,
                type.hasSuffix("CLIPModel") || type.hasSuffix(".Transformer"), isFileName(path),
                !path.contains("/")
            else { return nil }
            return path
        }.first
    }

    /// Why a configuration is not one of transformers' for a model; nil if it is.
    ///
    /// timm's configuration for an image tower alone names no kind of model. Which kinds can be built is decided
    /// elsewhere.
    static func defect(ofConfiguration data: Data, file: String) -> FileDefect? {
        guard let object = value(data)?.object else { return .unreadable(file) }
        let isTransformers = object["model_type"]?.text != nil || object["architectures"] != nil
        return isTransformers ? nil : .foreignConfiguration(file)
    }

    /// Whether a `tokenizer_config.json` lists the added tokens, so that no other file with added tokens counts.
    static func listsAddedTokens(_ data: Data) -> Bool {
        value(data)?.object?["added_tokens_decoder"]?.object != nil
    }

    /// The names of all files of a commit, from the list of `huggingface_hub` 2.4 (`trees/COMMIT.json`); nil for other
    /// forms.
    static func keptList(_ data: Data) -> Set<String>? {
        guard let object = value(data)?.object, case .integer(1)? = object["format_version"],
            let files = object["files"]?.object
        else { return nil }
        return Set(files.members.map(\.name.string))
    }

    /// Whether a name leads to a file within the folder in which it is looked up.
    static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 1024 && !name.contains("\\") && !name.contains("\0")
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
            }
    }

    private static func value(_ data: Data) -> JSONValue? { try? JSONDocument.read([UInt8](data)) }
}
