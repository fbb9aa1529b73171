internal import CLIPJSON

extension TextRecipe {
    /// What `open_clip_config.json` says of captions: `text_cfg` of open_clip 3.3, with or without `model_cfg` around it.
    ///
    /// Settings that would change tokens and are not known are refused by name.
    public init(openCLIPConfig json: [UInt8]) throws(TokenizationError) {
        let file = "open_clip_config.json"
        guard UTF8Check.isValid(json) else { throw .malformedText(file: file) }
        var settings = OpenCLIPTextSettings(file: file)
        var reader = JSONReader(json, file: file)
        try settings.read(&reader, isModel: false)
        try reader.finish()
        self = try settings.recipe()
    }
}

extension TextRecipe {
    /// What is said of captions beside tokenizer files that have no network: an `open_clip_config.json` where there is one; else they are
    /// neither cleaned, cut nor filled up.
    public init(besideFilesIn directory: String) throws(TokenizationError) {
        let file = BoundedFile(directory: directory, name: "open_clip_config.json")
        if file.exists {
            try self.init(openCLIPConfig: try file.bytes(limit: Self.longestConfiguration))
        } else {
            self.init(source: .files, contextLength: Self.longestContext)
        }
    }

    private static let longestConfiguration = 1 << 20
    /// More tokens than any text makes that is taken.
    private static let longestContext = 1 << 21
}

/// The members of `text_cfg` that are about captions.
private struct OpenCLIPTextSettings {
    let file: String
    var contextLength = 77
    var tokenizerName = ""
    var cleaning: String?
    var replacesSeparators = false
    var padsToContext = false
    var isPerceptionEncoder = false

    init(file: String) {
        self.file = file
    }

    /// Most positions that a text tower may have.
    private static let longestContext = 1 << 16

    mutating func read(_ reader: inout JSONReader, isModel: Bool) throws(TokenizationError) {
        try reader.object { (reader, name) throws(TokenizationError) in
            switch String(decoding: name, as: UTF8.self) {
            case "model_cfg" where !isModel: try read(&reader, isModel: true)
            case "text_cfg": try readText(&reader)
            case "vision_cfg" where try reader.isNext("{"): try readImageTower(&reader)
            default: try reader.skip()
            }
        }
    }

    /// Perception Encoder's own tokenizer has other names for special tokens than OpenAI's.
    ///
    /// Roboflow's server has that for its routes; for the models that it calls CLIP it has OpenAI's, whatever open_clip has.
    private mutating func readImageTower(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.object { (reader, name) throws(TokenizationError) in
            guard name.elementsEqual("timm_model_name".utf8), try reader.isNext("\"") else {
                return try reader.skip()
            }
            isPerceptionEncoder = try reader.string().starts(with: "vit_pe_core".utf8)
        }
    }

    private mutating func readText(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.object { (reader, name) throws(TokenizationError) in
            switch String(decoding: name, as: UTF8.self) {
            case "context_length":
                contextLength = try reader.integer()
                guard 2...Self.longestContext ~= contextLength else { throw reader.malformed }
            case "hf_tokenizer_name" where try reader.isNext("\""):
                tokenizerName = String(decoding: try reader.string(), as: UTF8.self)
            case "no_causal_mask":
                if try reader.isNext("t") { padsToContext = true }
                try reader.skip()
            case "pool_type" where try reader.isNext("\""):
                if try reader.string().elementsEqual("last".utf8) { padsToContext = true }
            case "tokenizer_mode" where try reader.isNext("\""):
                let mode = String(decoding: try reader.string(), as: UTF8.self)
                guard mode.isEmpty else { throw unsupported("tokenizer_mode \(mode.prefix(32))") }
            case "tokenizer_kwargs" where try reader.isNext("{"):
                try readArguments(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func readArguments(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.object { (reader, name) throws(TokenizationError) in
            switch String(decoding: name, as: UTF8.self) {
            case "clean" where try reader.isNext("\""):
                cleaning = String(decoding: try reader.string(), as: UTF8.self)
            case "strip_sep_token":
                replacesSeparators = try reader.isNext("t")
                try reader.skip()
            case _ where try reader.isNext("n"): try reader.skip()
            case let other: throw unsupported("tokenizer_kwargs.\(other.prefix(32))")
            }
        }
    }

    func recipe() throws(TokenizationError) -> TextRecipe {
        let isOwn = tokenizerName.isEmpty
        let clean = cleaning ?? (isOwn ? "lower" : "whitespace")
        guard let cleaning = CaptionCleaning(rawValue: clean), cleaning != .none,
            !isOwn || cleaning == .lowerCase
        else { throw unsupported("tokenizer_kwargs.clean \(clean.prefix(32))") }
        if isOwn, replacesSeparators { throw unsupported("tokenizer_kwargs.strip_sep_token") }
        if isOwn {
            var recipe = TextRecipe.openAI(
                contextLength: contextLength,
                padsToContext: padsToContext,
                findsKnownTokens: false
            )
            recipe.specialNames = isPerceptionEncoder ? .openCLIP : .openAI
            return recipe
        }
        return TextRecipe(
            source: .files,
            contextLength: contextLength,
            cleaning: cleaning,
            padsToContext: padsToContext,
            replacesSeparators: replacesSeparators
        )
    }

    private func unsupported(_ found: String) -> TokenizationError {
        .unsupportedStep(file: file, found: found)
    }
}
