internal import CLIPJSON

/// The content of Hugging Face's `tokenizer.json` for any kind of pieces: its lists, as flat arrays, and its steps.
struct PieceFile {
    let name: String
    private(set) var steps: [TextStep] = []
    private(set) var wordSteps: [WordStep] = []
    private(set) var template: TemplateFields?
    private(set) var added: [SpecialTokens.Token] = []

    /// The kind of the model, as the file calls it.
    private(set) var modelType = ""
    /// Whether the end of a word is marked as in OpenAI's byte pairs, which another reader handles.
    private(set) var isBytePairs = false
    /// The vocabulary: pieces with scores, pieces with ids, or pieces whose place is their id.
    private(set) var pieces = PieceList()
    private(set) var ids: [Int32] = []
    private(set) var scores: [Float] = []
    /// The merges, two pieces for each.
    private(set) var merges = PieceList()
    private(set) var unknownID: Int?
    private(set) var unknownToken: [UInt8]?
    private(set) var continuationMark: [UInt8]?
    /// The token that pads sequences, if the file names one.
    private(set) var paddingToken: [UInt8]?
    /// Whether padding comes first, if the file says; transformers goes by that if no settings say otherwise.
    private(set) var padsLeft: Bool?
    /// Whether a text that is too long loses its beginning.
    private(set) var truncatesLeft: Bool?
    private(set) var longestWord = 100
    private(set) var flags: [String: Bool] = [:]
    private var hasModel = false

    /// Reads the file, which was found to be UTF-8.
    init(_ bytes: [UInt8], name: String) throws(TokenizationError) {
        self.name = name
        var writesBytes = false
        var reader = JSONReader(bytes, file: name)
        try reader.object { (reader, field) throws(TokenizationError) in
            switch String(decoding: field, as: UTF8.self) {
            case "model": try readModel(&reader)
            case "added_tokens" where try reader.isNext("["):
                try reader.array { (reader) throws(TokenizationError) in
                    let token = try SpecialTokens.Token(&reader)
                    guard token.id >= 0 else { throw .missingField(file: name, field: "added_tokens.id") }
                    if !token.text.isEmpty { added.append(token) }
                }
            case "normalizer" where try reader.isNext("{"):
                let fields = try StepFields(&reader, role: "normalizer", file: name)
                writesBytes = fields.isBytePairs
                if !writesBytes { steps = try TextSteps.steps(fields, file: name) }
            case "pre_tokenizer" where try reader.isNext("{"):
                let fields = try StepFields(&reader, role: "pre_tokenizer", file: name)
                if fields.isBytePairs { isBytePairs = true } else { wordSteps = try WordSteps.steps(fields) }
            case "post_processor" where try reader.isNext("{"):
                template = try TemplateFields(&reader, file: name)
            case "padding" where try reader.isNext("{"):
                try reader.object { (reader, name) throws(TokenizationError) in
                    switch String(decoding: name, as: UTF8.self) {
                    case "pad_token": paddingToken = try reader.string()
                    case "direction": padsLeft = try reader.isLeft()
                    default: try reader.skip()
                    }
                }
            case "truncation" where try reader.isNext("{"):
                try reader.object { (reader, name) throws(TokenizationError) in
                    guard name.elementsEqual("direction".utf8) else { return try reader.skip() }
                    truncatesLeft = try reader.isLeft()
                }
            default: try reader.skip()
            }
        }
        try reader.finish()
        guard hasModel else { throw .missingField(file: name, field: "model") }
        if writesBytes, !isBytePairs {
            throw .unsupportedStep(file: name, found: "the normalizer ByteLevel")
        }
        guard isBytePairs || pieces.count > 0 else { throw .missingField(file: name, field: "model.vocab") }
    }

    private mutating func readModel(_ reader: inout JSONReader) throws(TokenizationError) {
        guard !hasModel else { throw reader.malformed }
        hasModel = true
        try reader.object { (reader, field) throws(TokenizationError) in
            let field = String(decoding: field.prefix(64), as: UTF8.self)
            switch (field, try reader.peek()) {
            case (_, UInt8(ascii: "n")): try reader.skip()
            case ("type", UInt8(ascii: "\"")):
                modelType = String(decoding: try reader.string().prefix(64), as: UTF8.self)
            case ("vocab", UInt8(ascii: "[")): try readScoredPieces(&reader)
            case ("vocab", UInt8(ascii: "{")): try readNumberedPieces(&reader)
            case ("merges", UInt8(ascii: "[")): try readMerges(&reader)
            case ("unk_id", _): unknownID = try reader.integer()
            case ("unk_token", UInt8(ascii: "\"")): unknownToken = try reader.string()
            case ("end_of_word_suffix", UInt8(ascii: "\"")):
                if try !reader.text().isEmpty { isBytePairs = true }
            case ("continuing_subword_prefix", UInt8(ascii: "\"")): continuationMark = try reader.string()
            case ("max_input_chars_per_word", _): longestWord = try reader.integer()
            case ("dropout", _):
                // Leaving merges out by chance is for training; 0 leaves out none.
                guard DecimalNumber.float(try reader.number()) == 0 else {
                    throw .unsupportedStep(file: name, found: "model.dropout")
                }
            case ("byte_fallback", _), ("fuse_unk", _), ("ignore_merges", _):
                flags[field] = try reader.isNext("t")
                try reader.skip()
            default: throw .unsupportedStep(file: name, found: "model.\(field)")
            }
        }
    }

    private func checkedPiece(_ reader: inout JSONReader) throws(TokenizationError) -> ArraySlice<UInt8> {
        let piece = try reader.text()
        guard piece.count <= SentencePieceFile.longestPiece else {
            throw .pieceTooLong(file: name, count: piece.count, limit: SentencePieceFile.longestPiece)
        }
        return piece
    }

    /// Reads pieces of the form `["piece", score]`, whose place is their id.
    private mutating func readScoredPieces(_ reader: inout JSONReader) throws(TokenizationError) {
        guard pieces.count == 0 else { throw reader.malformed }
        try reader.array { (reader) throws(TokenizationError) in
            var member = 0
            try reader.array { (reader) throws(TokenizationError) in
                switch member {
                case 0: pieces.append(try checkedPiece(&reader))
                case 1:
                    guard let score = DecimalNumber.float(try reader.number()) else { throw reader.malformed }
                    scores.append(score)
                default: throw reader.malformed
                }
                member += 1
            }
            guard member == 2 else { throw reader.malformed }
        }
        guard pieces.count <= VocabularyBuilder.largestID else { throw reader.malformed }
    }

    private mutating func readNumberedPieces(_ reader: inout JSONReader) throws(TokenizationError) {
        guard pieces.count == 0 else { throw reader.malformed }
        try reader.object { (reader, piece) throws(TokenizationError) in
            guard piece.count <= SentencePieceFile.longestPiece else {
                throw .pieceTooLong(file: name, count: piece.count, limit: SentencePieceFile.longestPiece)
            }
            let id = try reader.integer()
            guard 0...VocabularyBuilder.largestID ~= id else {
                throw .idOutOfRange(
                    file: name,
                    token: VocabularyBuilder.shown(Array(piece)),
                    limit: VocabularyBuilder.largestID
                )
            }
            pieces.append(piece)
            ids.append(Int32(id))
        }
    }

    /// Reads merges as `"a b"` or `["a", "b"]`, depending on the age of the file.
    private mutating func readMerges(_ reader: inout JSONReader) throws(TokenizationError) {
        guard merges.count == 0 else { throw reader.malformed }
        try reader.array { (reader) throws(TokenizationError) in
            let count = merges.count
            if try reader.isNext("[") {
                try reader.array { (reader) throws(TokenizationError) in merges.append(try reader.text()) }
            } else {
                let text = try reader.text()
                guard let blank = text.firstIndex(of: 0x20) else {
                    throw .malformedMerge(file: name, number: count / 2 + 1)
                }
                merges.append(text[..<blank])
                merges.append(text[(blank + 1)...])
            }
            guard merges.count == count + 2, !merges[count].isEmpty, !merges[count + 1].isEmpty else {
                throw .malformedMerge(file: name, number: count / 2 + 1)
            }
        }
    }
}

extension JSONReader {
    /// Whether a direction is "Left"; only the words of tokenizers are accepted.
    mutating func isLeft() throws(TokenizationError) -> Bool {
        switch String(decoding: try text(), as: UTF8.self) {
        case "Left": return true
        case "Right": return false
        default: throw malformed
        }
    }
}

extension StepFields {
    /// Whether the file writes bytes as characters, as OpenAI's and other byte pairs do.
    fileprivate var isBytePairs: Bool { flattened.contains { $0.type == "ByteLevel" } }
}
