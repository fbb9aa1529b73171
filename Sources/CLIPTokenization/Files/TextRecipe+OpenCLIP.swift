internal import CLIPJSON

extension TextRecipe {
    /// Reads how captions are treated from `open_clip_config.json`.
    ///
    /// This is `text_cfg` of open_clip 3.3, with or without `model_cfg` around it. It is read as Python reads it: any
    /// value that counts as true there is true, and of two members with one name the last counts. Unknown settings that
    /// would change tokens are refused by name.
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

    /// The recipe for tokenizer files that have no network beside them.
    ///
    /// It is read from `open_clip_config.json` if there is one. Otherwise captions are not cleaned, cut off or padded.
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
    /// More tokens than any accepted text makes.
    private static let longestContext = 1 << 21
}

/// The members of `text_cfg` that concern captions.
private struct OpenCLIPTextSettings {
    let file: String
    var contextLength = 77
    var tokenizerName = ""
    var cleaning: String?
    var replacesSeparators = false
    var padsToContext = false
    /// Whether special tokens have the names of Perception Encoder's own tokenizer rather than OpenAI's.
    ///
    /// Roboflow's server uses those on its routes for that model. For the models that it calls CLIP it uses OpenAI's
    /// names, whatever open_clip does.
    let isPerceptionEncoder: Bool

    /// The most positions that a text tower may have.
    private static let longestContext = 1 << 16

    /// - Parameter trunk: the name of the image tower in timm.
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
    /// A member that is an object; nil if it is absent or null.
    fileprivate func section(_ name: String, of file: String) throws(TokenizationError) -> JSONObject? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let object = value.object else {
            throw .unsupportedStep(file: file, found: "a \(name) that is no object")
        }
        return object
    }
}

extension JSONError {
    /// The byte offset at which the text stops being JSON, as far as the error tells.
    fileprivate func offset(in json: [UInt8]) -> Int {
        guard case .syntax(_, let position) = self else { return 0 }
        let start = json.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let beginnings = json.indices.dropFirst(start).lazy.filter { json[$0] & 0xC0 != 0x80 }
        return beginnings.dropFirst(position).first ?? json.count
    }
}
