internal import CLIPJSON

/// Hugging Face's `tokenizer.json`: byte-level BPE of CLIP's form, and no other kind of tokenizer.
struct TokenizerFile {
    private let name: String

    /// The tokens of the model.
    private(set) var tokens: [(token: [UInt8], id: Int)] = []
    /// The model's merges.
    private(set) var merges: [(left: [UInt8], right: [UInt8])] = []
    private var addedTokens: [(token: [UInt8], id: Int, isNormalized: Bool)] = []
    /// The setting, `padding` or `truncation`, that acts on the beginning of a sequence, where CLIP's acts on the end.
    private(set) var leftHanded: String?
    /// The token for unknown characters, and whether a run of them becomes a single token.
    private(set) var unknown: [UInt8]?
    private(set) var fusesUnknown = false
    /// The members of the model that the file has.
    private var found: Set<String> = []

    init(name: String) {
        self.name = name
    }

    /// Reads the file.
    mutating func read(_ bytes: [UInt8]) throws(TokenizationError) {
        var reader = JSONReader(bytes, file: name)
        try reader.object { (reader, field) throws(TokenizationError) in
            switch String(decoding: field, as: UTF8.self) {
            case "model": try readModel(&reader)
            case "added_tokens": try readAddedTokens(&reader)
            case "normalizer":
                // A file without this member counts as CLIP's, but null says that texts are not normalized.
                if try reader.isNext("n") {
                    try reader.skip()
                    throw unsupported("no normalizer, where CLIP's has Lowercase")
                }
                if let found = try TokenizerSteps(&reader).foreignNormalizer { throw unsupported(found) }
            case "padding" where try reader.isNext("{"), "truncation" where try reader.isNext("{"):
                try reader.object { (reader, name) throws(TokenizationError) in
                    guard name.elementsEqual("direction".utf8) else { return try reader.skip() }
                    if try reader.isLeft() { leftHanded = String(decoding: field, as: UTF8.self) }
                }
            case "pre_tokenizer" where try !reader.isNext("n"):
                if let found = try TokenizerSteps(&reader).foreignPreTokenizer { throw unsupported(found) }
            default: try reader.skip()
            }
        }
        try reader.finish()
        for field in ["model", "model.vocab", "model.merges"] where !found.contains(field) {
            throw .missingField(file: name, field: field)
        }
    }

    /// A vocabulary builder with all that the file lists, each entry checked.
    func builder(
        findsKnownTokens: Bool,
        rules: CaptionRules
    ) throws(TokenizationError) -> VocabularyBuilder {
        var builder = VocabularyBuilder(
            file: name,
            findsKnownTokens: findsKnownTokens,
            rules: rules,
            count: tokens.count
        )
        for (token, id) in tokens { try builder.add(token, id: id) }
        for (left, right) in merges { try builder.addMerge(left, right, from: name) }
        try addAddedTokens(to: &builder)
        return builder
    }

    /// Adds the tokens that were added to the model's.
    func addAddedTokens(to builder: inout VocabularyBuilder) throws(TokenizationError) {
        for (token, id, isNormalized) in addedTokens {
            try builder.addWhole(token, id: id, isNormalized: isNormalized)
        }
    }

    private mutating func readModel(_ reader: inout JSONReader) throws(TokenizationError) {
        guard found.insert("model").inserted else { throw reader.malformed }
        try reader.object { (reader, field) throws(TokenizationError) in
            switch String(decoding: field, as: UTF8.self) {
            case "type":
                try require(["BPE"], &reader)
            case "end_of_word_suffix":
                try require(["</w>"], &reader)
            case "continuing_subword_prefix" where try reader.isNext("\""):
                try require([""], &reader)
            case "unk_token" where try reader.isNext("\""):
                unknown = try reader.string()
            case "fuse_unk":
                fusesUnknown = try reader.isNext("t")
                try reader.skip()
            case "ignore_merges", "byte_fallback":
                guard try !reader.isNext("t") else {
                    throw unsupported("\(String(decoding: field, as: UTF8.self)) is true")
                }
                try reader.skip()
            case "dropout":
                // Leaving merges out by chance is for training; 0 leaves out none.
                if try reader.isNext("n") {
                    try reader.skip()
                } else if try reader.integer() != 0 {
                    throw unsupported("dropout")
                }
            case "vocab":
                guard try reader.isNext("{") else {
                    throw .unsupportedTokenizer(file: name, found: "a vocab that is no object")
                }
                var tokens: [(token: [UInt8], id: Int)] = []
                try reader.object { (reader, token) throws(TokenizationError) in
                    tokens.append((Array(token), try reader.integer()))
                }
                self.tokens = tokens
                found.insert("model.vocab")
            case "merges":
                try readMerges(&reader)
            default:
                try reader.skip()
            }
        }
    }

    /// Reads merges as `"a b"` or `["a", "b"]`, depending on the age of the file.
    private mutating func readMerges(_ reader: inout JSONReader) throws(TokenizationError) {
        var merges: [(left: [UInt8], right: [UInt8])] = []
        try reader.array { (reader) throws(TokenizationError) in
            var parts: [[UInt8]] = []
            if try reader.isNext("[") {
                try reader.array { (reader) throws(TokenizationError) in parts.append(try reader.string()) }
            } else {
                parts = try reader.text().split(separator: 0x20, omittingEmptySubsequences: false).map(
                    Array.init
                )
            }
            guard parts.count == 2, !parts.contains([]) else {
                throw .malformedMerge(file: name, number: merges.count + 1)
            }
            merges.append((parts[0], parts[1]))
        }
        self.merges = merges
        found.insert("model.merges")
    }

    private mutating func readAddedTokens(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.array { (reader) throws(TokenizationError) in
            var token: [UInt8]?
            var id: Int?
            var isNormalized = true
            var changesNeighbours = false
            try reader.object { (reader, field) throws(TokenizationError) in
                switch String(decoding: field, as: UTF8.self) {
                case "content": token = try reader.string()
                case "id": id = try reader.integer()
                case "normalized":
                    isNormalized = try !reader.isNext("f")
                    try reader.skip()
                case "lstrip", "rstrip", "single_word":
                    if try reader.isNext("t") { changesNeighbours = true }
                    try reader.skip()
                default: try reader.skip()
                }
            }
            guard let token else { throw .missingField(file: name, field: "added_tokens.content") }
            guard let id else { throw .missingField(file: name, field: "added_tokens.id") }
            let isSpecial = VocabularyBuilder.specialTokens.contains(token)
            guard !changesNeighbours || isSpecial else {
                let text = String(decoding: token.prefix(32), as: UTF8.self)
                throw unsupported("the added token \(text) with lstrip, rstrip or single_word")
            }
            addedTokens.append((token, id, isNormalized))
        }
    }

    private func unsupported(_ found: String) -> TokenizationError {
        .unsupportedTokenizer(file: name, found: String(found.prefix(96)))
    }

    private func require(_ accepted: [String], _ reader: inout JSONReader) throws(TokenizationError) {
        guard try reader.isNext("\"") else { throw reader.malformed }
        let found = String(decoding: try reader.string(), as: UTF8.self)
        guard accepted.contains(found) else {
            throw .unsupportedTokenizer(file: name, found: String(found.prefix(64)))
        }
    }
}
