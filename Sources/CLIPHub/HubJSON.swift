internal import CLIPJSON
internal import Foundation

/// What is read of the hub's and the repositories' JSON.
enum HubJSON {
    /// What the hub answers about a revision.
    struct List {
        /// What the repository is called, which may be another name than was asked for; nil where a mirror does not say.
        let repository: HubRepository?
        let commit: String
        let files: [String]
    }

    /// The hub's answer about a revision; nil where it is another JSON, or none.
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

    /// The names of the files that hold weights, by an index of shards; nil where it is none.
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

    /// The folder of a sentence-transformers repository that holds its CLIP; nil where it names none.
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

    /// What keeps a configuration from being one of transformers' for a CLIP; nil where nothing does.
    ///
    /// timm's, for an image tower alone, names no kind of model.
    static func defect(ofConfiguration data: Data, file: String) -> FileDefect? {
        guard let object = value(data)?.object else { return .unreadable(file) }
        guard let type = object["model_type"]?.text else {
            return object["architectures"] != nil ? nil : .foreignConfiguration(file)
        }
        return CheckpointSelection.isBuilt(type) ? nil : .otherKind(String(type.prefix(60)))
    }

    /// Whether a configuration of OpenCLIP's names a tokenizer that has to come with it; OpenAI's is built in.
    static func namesTokenizer(_ data: Data) -> Bool {
        guard let object = value(data)?.object else { return false }
        let model = object["model_cfg"]?.object ?? object
        return model["text_cfg"]?.object?["hf_tokenizer_name"]?.text.map { !$0.isEmpty } ?? false
    }

    /// Whether a name leads to a file within the folder that it is looked up in.
    static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 1024 && !name.contains("\\") && !name.contains("\0")
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
            }
    }

    private static func value(_ data: Data) -> JSONValue? { try? JSONDocument.read([UInt8](data)) }
}
