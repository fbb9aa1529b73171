internal import CLIPJSON

/// The settings that transformers writes beside a vocabulary: `tokenizer_config.json` and `special_tokens_map.json`.
///
/// Most settings change no token: CLIP's tokenizers ignore `do_lower_case`, `add_prefix_space` and the like, and so
/// does this (compared with transformers 5.24). Settings that change tokens are followed, as added tokens are, or
/// refused.
struct TokenizerSettings {
    /// A token that is found in a text as written.
    struct Added {
        var token: [UInt8] = []
        var id = 0
        var isNormalized = true
    }

    private(set) var added: [Added] = []
    /// The tokens that have a task, which transformers finds in a text as written.
    private(set) var named: [[UInt8]] = []
    /// The token for each task, and whether it is looked for in the cleaned text.
    ///
    /// Only a token written as an object can ask for that.
    private(set) var tasks: [String: (token: [UInt8], isNormalized: Bool)] = [:]
    /// Whether the class does what `tokenizer.json` describes rather than what CLIP's own class does.
    private(set) var followsFile = false
    /// Whether padding would come first, which shifts every position.
    private(set) var padsLeft = false

    /// The classes that tokenize as CLIP does.
    ///
    /// `PreTrainedTokenizerFast` and `TokenizersBackend` follow `tokenizer.json`.
    private static let classes: Set<String> = [
        "CLIPTokenizer", "CLIPTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend",
    ]

    private static let others: Set = ["pad_token", "unk_token", "sep_token", "cls_token", "mask_token"]

    /// Reads one of the files.
    mutating func read(_ bytes: [UInt8], of file: String) throws(TokenizationError) {
        var reader = JSONReader(bytes, file: file)
        try reader.object { (reader, field) throws(TokenizationError) in
            switch String(decoding: field, as: UTF8.self) {
            case "tokenizer_class" where try reader.isNext("\""):
                let name = String(decoding: try reader.string(), as: UTF8.self)
                guard Self.classes.contains(name) else {
                    throw .unsupportedTokenizer(file: file, found: "tokenizer_class \(name.prefix(64))")
                }
                followsFile = !name.hasPrefix("CLIP")
            case "padding_side" where try reader.isNext("\""):
                padsLeft = try reader.text().elementsEqual("left".utf8)
            case "bos_token": try require("<|startoftext|>", &reader, "bos_token", of: file)
            case "eos_token": try require("<|endoftext|>", &reader, "eos_token", of: file)
            case let task where Self.others.contains(task):
                guard let token = try content(&reader, task: task) else { break }
                named.append(token)
            case "split_special_tokens":
                guard try !reader.isNext("t") else {
                    throw .unsupportedTokenizer(file: file, found: "split_special_tokens")
                }
                try reader.skip()
            case "additional_special_tokens" where try reader.isNext("["),
                "extra_special_tokens" where try reader.isNext("["):
                try reader.array { (reader) throws(TokenizationError) in
                    if let token = try content(&reader) { named.append(token) }
                }
            case "added_tokens_decoder" where try reader.isNext("{"):
                try reader.object { (reader, id) throws(TokenizationError) in
                    try readAdded(&reader, id: id, of: file)
                }
            default: try reader.skip()
            }
        }
        try reader.finish()
    }

    /// Reads a special token, written as a string or as an object with its `content`; null leaves the value unchanged.
    private mutating func content(
        _ reader: inout JSONReader,
        task: String? = nil
    ) throws(TokenizationError) -> [UInt8]? {
        var found: [UInt8]?
        var isNormalized = false
        if try reader.isNext("\"") {
            found = try reader.string()
        } else if try reader.isNext("{") {
            try reader.object { (reader, name) throws(TokenizationError) in
                if name.elementsEqual("content".utf8) {
                    found = try reader.string()
                } else if name.elementsEqual("normalized".utf8) {
                    isNormalized = try reader.isNext("t")
                    try reader.skip()
                } else {
                    try reader.skip()
                }
            }
        } else {
            try reader.skip()
        }
        if let task, let found { tasks[task] = (found, isNormalized) }
        return found
    }

    private mutating func require(
        _ expected: String,
        _ reader: inout JSONReader,
        _ field: String,
        of file: String
    ) throws(TokenizationError) {
        guard let found = try content(&reader, task: field), !found.elementsEqual(expected.utf8) else {
            return
        }
        let token = String(decoding: found.prefix(64), as: UTF8.self)
        throw .unsupportedTokenizer(file: file, found: "\(field) \(token)")
    }

    private mutating func readAdded(
        _ reader: inout JSONReader,
        id: ArraySlice<UInt8>,
        of file: String
    ) throws(TokenizationError) {
        guard let number = Int(String(decoding: id, as: UTF8.self)) else { throw reader.malformed }
        var entry = Added(id: number)
        var changesNeighbours = false
        try reader.object { (reader, field) throws(TokenizationError) in
            switch String(decoding: field, as: UTF8.self) {
            case "content": entry.token = try reader.string()
            case "normalized":
                entry.isNormalized = try !reader.isNext("f")
                try reader.skip()
            case "lstrip", "rstrip", "single_word":
                if try reader.isNext("t") { changesNeighbours = true }
                try reader.skip()
            default: try reader.skip()
            }
        }
        let text = String(decoding: entry.token.prefix(64), as: UTF8.self)
        if text == "<|startoftext|>" || text == "<|endoftext|>" {
            changesNeighbours = false  // both are found as written, whatever stands beside them
        }
        guard !changesNeighbours else {
            throw .unsupportedTokenizer(
                file: file,
                found: "the added token \(text) with lstrip, rstrip or single_word"
            )
        }
        added.append(entry)
    }
}
