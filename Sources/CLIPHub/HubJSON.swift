internal import CLIPJSON
internal import Foundation

/// What is read of the hub's and the repositories' JSON.
enum HubJSON {
    /// Commit and files of the hub's answer about a revision; nil where it is another JSON, or none.
    static func list(_ data: Data) -> (commit: String, files: [String])? {
        guard let object = value(data)?.object, let commit = object["sha"]?.text, HubRequest.isCommit(commit),
            let siblings = object["siblings"]?.elements
        else { return nil }
        return (commit, siblings.compactMap { $0.object?["rfilename"]?.text }.filter(isFileName))
    }

    /// The names of the files that hold weights, by an index of shards; nil where it is none.
    static func shards(_ data: Data) -> Set<String>? {
        guard let map = value(data)?.object?["weight_map"]?.object?.members, !map.isEmpty else { return nil }
        let shards = map.compactMap(\.value.text)
        guard shards.count == map.count else { return nil }
        let names = Set(shards)
        return names.count <= 1000 && names.allSatisfy({ isFileName($0) && !$0.contains("/") }) ? names : nil
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

    /// Whether a configuration is transformers' own; timm's, for an image tower alone, has no such member.
    static func isTransformersConfiguration(_ data: Data) -> Bool {
        value(data)?.object.map { $0["model_type"]?.text != nil || $0["architectures"] != nil } ?? false
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
