internal import CLIPJSON

/// The settings that transformers writes beside a tokenizer of pieces.
///
/// These are `tokenizer_config.json`, and `special_tokens_map.json` if the first lists no added tokens.
///
/// Source: `_from_pretrained` of transformers 5.24.
struct PieceSettings {
    /// `tokenizer_class` without the suffix that distinguishes two implementations.
    private(set) var className: String?
    /// The tokens that have a task, by the task, such as `eos_token`.
    private(set) var named: [String: [UInt8]] = [:]
    /// Tokens that are found as written and have no id here: those with a task and others.
    private(set) var found: [SpecialTokens.Token] = []
    /// Tokens that are found as written, with their ids.
    private(set) var added: [SpecialTokens.Token] = []
    private(set) var lowersCase: Bool?
    private(set) var padsLeft: Bool?
    private(set) var addsBeginning: Bool?
    private(set) var addsEnd: Bool?
    private(set) var addsPrefix: Bool?
    private(set) var stripsAccents: Bool?
    private(set) var separatesChinese: Bool?
    /// Whether texts that are too long lose their end; nil if the settings do not say.
    ///
    /// Any other side is refused.
    private(set) var truncatesRight: Bool?
    /// `model_max_length`, the length to which transformers pads if nobody names another; a huge number means no
    /// length.
    private(set) var longestSequence: Double?
    /// The tasks that explicitly have no token, which differs from not naming the task.
    private(set) var vacant: Set<String> = []
    private(set) var listsAdded = false
    /// Whether there is any such file.
    private(set) var isPresent = false

    private static let tasks: Set<String> = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// Reads one of the files.
    mutating func read(_ bytes: [UInt8], of file: String) throws(TokenizationError) {
        guard UTF8Check.isValid(bytes) else { throw .malformedText(file: file) }
        isPresent = true
        var reader = JSONReader(bytes, file: file)
        try reader.object { (reader, name) throws(TokenizationError) in
            let name = String(decoding: name.prefix(64), as: UTF8.self)
            switch name {
            case "tokenizer_class" where try reader.isNext("\""):
                let found = String(decoding: try reader.string().prefix(64), as: UTF8.self)
                className = found.hasSuffix("Fast") ? String(found.dropLast(4)) : found
            case let task where Self.tasks.contains(task):
                if try reader.isNext("n") { vacant.insert(task) }
                if let token = try token(&reader) {
                    named[task] = token.text
                    found.append(token)
                }
            case "additional_special_tokens" where try reader.isNext("["),
                "extra_special_tokens" where try reader.isNext("["):
                try reader.array { (reader) throws(TokenizationError) in
                    if let token = try token(&reader) { found.append(token) }
                }
            case "extra_special_tokens" where try reader.isNext("{"),
                "model_specific_special_tokens" where try reader.isNext("{"):
                try reader.object { (reader, _) throws(TokenizationError) in
                    if let token = try token(&reader) { found.append(token) }
                }
            case "added_tokens_decoder" where try reader.isNext("{"):
                listsAdded = true
                try reader.object { (reader, id) throws(TokenizationError) in
                    guard let id = Int32(String(decoding: id, as: UTF8.self)), var token = try token(&reader)
                    else {
                        throw reader.malformed
                    }
                    token.id = id
                    added.append(token)
                }
            // null means false for this setting; for the others it means that the setting is absent.
            case "do_lower_case": lowersCase = try flag(&reader) ?? false
            case "add_bos_token": addsBeginning = try flag(&reader)
            case "add_eos_token": addsEnd = try flag(&reader)
            case "add_prefix_space": addsPrefix = try flag(&reader) ?? false
            case "strip_accents": stripsAccents = try flag(&reader)
            case "tokenize_chinese_chars": separatesChinese = try flag(&reader)
            case "model_max_length", "max_len":
                if try reader.isNext("n") {
                    try reader.skip()
                } else {
                    longestSequence = Double(String(decoding: try reader.number(), as: UTF8.self))
                }
            case "padding_side" where try reader.isNext("\""):
                padsLeft = try reader.string().elementsEqual("left".utf8)
            case "truncation_side" where try reader.isNext("\""):
                guard try reader.string().elementsEqual("right".utf8) else {
                    throw .unsupportedStep(file: file, found: "a truncation_side that is not right")
                }
                truncatesRight = true
            case "split_special_tokens":
                if try flag(&reader) == true {
                    throw .unsupportedStep(file: file, found: "split_special_tokens")
                }
            case "sp_model_kwargs" where try reader.isNext("{"):
                try reader.object { (reader, name) throws(TokenizationError) in
                    throw .unsupportedStep(
                        file: file,
                        found: "sp_model_kwargs.\(String(decoding: name.prefix(32), as: UTF8.self))"
                    )
                }
            // Other tasks, of which only the tokens are kept.
            case let task where task.hasSuffix("_token"):
                if let token = try token(&reader) { found.append(token) }
            default: try reader.skip()
            }
        }
        try reader.finish()
    }

    /// Reads `added_tokens.json`, which older versions wrote: tokens with their ids.
    ///
    /// They are found in the normalized text if no other file gives them a task.
    mutating func readAdded(_ bytes: [UInt8], of file: String) throws(TokenizationError) {
        guard UTF8Check.isValid(bytes) else { throw .malformedText(file: file) }
        let special = Set(found.map(\.text))
        var reader = JSONReader(bytes, file: file)
        try reader.object { (reader, text) throws(TokenizationError) in
            let text = Array(text)
            let id = try reader.integer()
            guard 0...VocabularyBuilder.largestID ~= id else { throw reader.malformed }
            added.append(
                SpecialTokens.Token(text: text, id: Int32(id), isNormalized: !special.contains(text))
            )
        }
        try reader.finish()
    }

    /// A truth value as Python takes it, so it may be a number or a string; nil for null.
    private func flag(_ reader: inout JSONReader) throws(TokenizationError) -> Bool? {
        switch try reader.peek() {
        case UInt8(ascii: "n"):
            try reader.skip()
            return nil
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            let value = try reader.isNext("t")
            try reader.skip()
            return value
        case UInt8(ascii: "\""): return try !reader.text().isEmpty
        default: return Double(String(decoding: try reader.number(), as: UTF8.self)) != 0
        }
    }

    /// A token, written as a string or as an object with its `content`; nil for null or an empty token.
    private func token(_ reader: inout JSONReader) throws(TokenizationError) -> SpecialTokens.Token? {
        var token = SpecialTokens.Token(text: [], id: -1)
        if try reader.isNext("\"") {
            token.text = try reader.string()
        } else if try reader.isNext("{") {
            token = try SpecialTokens.Token(&reader)
        } else {
            try reader.skip()
        }
        return token.text.isEmpty ? nil : token
    }
}

extension SpecialTokens.Token {
    /// Reads a token as transformers and tokenizers write it; a missing `id` becomes -1.
    init(_ reader: inout JSONReader) throws(TokenizationError) {
        self.init(text: [], id: -1)
        try reader.object { (reader, name) throws(TokenizationError) in
            switch String(decoding: name, as: UTF8.self) {
            case "content": text = try reader.string()
            case "id":
                let number = try reader.integer()
                guard 0...VocabularyBuilder.largestID ~= number else { throw reader.malformed }
                id = Int32(number)
            case "normalized": isNormalized = try Self.isTrue(&reader)
            case "lstrip": takesLeft = try Self.isTrue(&reader)
            case "rstrip": takesRight = try Self.isTrue(&reader)
            case "single_word": isWord = try Self.isTrue(&reader)
            default: try reader.skip()
            }
        }
    }

    private static func isTrue(_ reader: inout JSONReader) throws(TokenizationError) -> Bool {
        let value = try reader.isNext("t")
        try reader.skip()
        return value
    }
}
