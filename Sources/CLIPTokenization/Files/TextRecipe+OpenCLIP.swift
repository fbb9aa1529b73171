internal import CLIPJSON

extension TextRecipe {
    /// What `open_clip_config.json` says of captions: `text_cfg` of open_clip 3.3, with or without `model_cfg` around it.
    ///
    /// It is read as Python reads it: truth values are whatever counts as true there, and of two members with one name the last counts.
    /// Settings that would change tokens and are not known are refused by name.
    public init(openCLIPConfig json: [UInt8]) throws(TokenizationError) {
        let file = "open_clip_config.json"
        let found: JSONValue
        do throws(JSONError) {
            found = try JSONDocument.read(json)
        } catch {
            if error == .notUTF8 { throw .malformedText(file: file) }
            throw .malformedJSON(file: file, offset: error.offset(in: json))
        }
        guard let object = found.object else { throw .malformedJSON(file: file, offset: 0) }
        let root = try object.section("model_cfg", of: file) ?? object
        let text = try root.section("text_cfg", of: file) ?? JSONObject()
        let trunk = try root.section("vision_cfg", of: file)?["timm_model_name"]?.text
        self = try OpenCLIPTextSettings(text, trunk: trunk, file: file).recipe()
    }

    /// What is said of captions beside tokenizer files that have no network: an `open_clip_config.json` where there is one; else they are
    /// neither cleaned, cut nor filled up.
    public init(besideFilesIn directory: String) throws(TokenizationError) {
        let file = BoundedFile(directory: directory, name: "open_clip_config.json")
        if file.exists {
            try self.init(openCLIPConfig: try file.bytes(limit: Self.longestConfiguration))
        } else {
            self.init(source: .files, contextLength: Self.longestContext)
            rules = .transformers
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
    /// Perception Encoder's own tokenizer has other names for special tokens than OpenAI's.
    ///
    /// Roboflow's server has that for its routes; for the models that it calls CLIP it has OpenAI's, whatever open_clip has.
    let isPerceptionEncoder: Bool

    /// Most positions that a text tower may have.
    private static let longestContext = 1 << 16

    /// - Parameter trunk: timm's name of the image tower.
    init(_ text: JSONObject, trunk: String?, file: String) throws(TokenizationError) {
        self.file = file
        isPerceptionEncoder = trunk?.hasPrefix("vit_pe_core") == true
        if let length = text["context_length"] {
            guard case .integer(let count) = length, 2...Self.longestContext ~= count else {
                throw unsupported("such a text_cfg.context_length")
            }
            contextLength = count
        }
        if let name = text["hf_tokenizer_name"], name.isTrue {
            guard let name = name.text else { throw unsupported("such a text_cfg.hf_tokenizer_name") }
            tokenizerName = name
        }
        padsToContext = text["no_causal_mask"]?.isTrue == true || text["pool_type"]?.text == "last"
        if let mode = text["tokenizer_mode"], mode.isTrue {
            throw unsupported("tokenizer_mode \(mode.text?.prefix(32) ?? "that is no text")")
        }
        for argument in try text.section("tokenizer_kwargs", of: file)?.members ?? [] {
            let value = argument.value
            switch argument.name.string {
            case "strip_sep_token": replacesSeparators = value.isTrue
            case _ where value.isNull: continue
            case "clean":
                guard let text = value.text else { throw unsupported("such a tokenizer_kwargs.clean") }
                cleaning = text
            case let other: throw unsupported("tokenizer_kwargs.\(other.prefix(32))")
            }
        }
    }

    func recipe() throws(TokenizationError) -> TextRecipe {
        let isOwn = tokenizerName.isEmpty
        let clean = cleaning ?? (isOwn ? "lower" : "whitespace")
        guard let cleaning = CaptionCleaning(rawValue: clean), cleaning != .none else {
            throw unsupported("tokenizer_kwargs.clean \(clean.prefix(32))")
        }
        if isOwn, replacesSeparators { throw unsupported("tokenizer_kwargs.strip_sep_token") }
        if isOwn {
            var recipe = TextRecipe.openAI(
                contextLength: contextLength,
                padsToContext: padsToContext,
                findsKnownTokens: false,
                cleaning: cleaning == .lowerCase ? .none : cleaning
            )
            recipe.specialNames = isPerceptionEncoder ? .openCLIP : .openAI
            return recipe
        }
        var recipe = TextRecipe(
            source: .files,
            contextLength: contextLength,
            cleaning: cleaning,
            padsToContext: padsToContext,
            replacesSeparators: replacesSeparators,
            repository: tokenizerName
        )
        recipe.rules = .transformers
        return recipe
    }

    private func unsupported(_ found: String) -> TokenizationError {
        .unsupportedStep(file: file, found: found)
    }
}

extension JSONObject {
    /// An object in this one; nil where it is absent or null.
    fileprivate func section(_ name: String, of file: String) throws(TokenizationError) -> JSONObject? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let object = value.object else {
            throw .unsupportedStep(file: file, found: "a \(name) that is no object")
        }
        return object
    }
}

extension JSONError {
    /// The byte at which a text is none, as far as that is said.
    fileprivate func offset(in json: [UInt8]) -> Int {
        guard case .syntax(_, let position) = self else { return 0 }
        let start = json.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let beginnings = json.indices.dropFirst(start).lazy.filter { json[$0] & 0xC0 != 0x80 }
        return beginnings.dropFirst(position).first ?? json.count
    }
}
