internal import CLIPJSON

/// A sentencepiece file, such as `spiece.model`: pieces with scores, and how texts are normalized.
///
/// Source: `sentencepiece_model.proto` of sentencepiece 0.2.
struct SentencePieceFile {
    /// The role of a piece; the numbers are the file's.
    enum PieceType: UInt64 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    /// The kinds of model, by their numbers in the file.
    private static let unigram: UInt64 = 1
    private static let bytePairs: UInt64 = 2

    /// The most bytes of a piece: the most characters that the trainer allows, at four bytes each.
    static let longestPiece = 2048

    let name: String
    /// All pieces, in the order of their ids.
    private(set) var pieces = PieceList()
    private(set) var scores: [Float] = []
    private(set) var types: [PieceType] = []
    private(set) var normalizer = SentencePieceNormalizer()

    private var modelType = Self.unigram
    private var hasByteFallback = false
    private var beginningPiece = Array("<s>".utf8)
    private var endPiece = Array("</s>".utf8)

    /// Reads the file.
    init(_ bytes: [UInt8], name: String) throws(TokenizationError) {
        self.name = name
        pieces.reserve(bytes.count / 16)
        var reader = ProtobufReader(bytes, file: name)
        var (hasTrainer, hasNormalizer) = (false, false)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let range)): try readPiece(bytes, range)
            case (2, .bytes(let range)):
                hasTrainer = true
                try readTrainer(bytes, range)
            case (3, .bytes(let range)):
                hasNormalizer = true
                try readNormalizer(bytes, range)
            case (1...3, _): throw reader.malformed
            default: continue
            }
        }
        guard pieces.count > 0 else { throw .missingField(file: name, field: "pieces") }
        // These fields come last: a file without them was cut off between two pieces and would otherwise be read as if
        // complete.
        guard hasTrainer else { throw .missingField(file: name, field: "trainer_spec") }
        guard hasNormalizer else { throw .missingField(file: name, field: "normalizer_spec") }
    }

    private mutating func readPiece(_ bytes: [UInt8], _ range: Range<Int>) throws(TokenizationError) {
        var reader = ProtobufReader(bytes, range: range, file: name)
        var text = 0..<0
        var score: Float = 0
        var type = PieceType.normal
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let range)): text = range
            case (2, .bits(let bits)): score = Float(bitPattern: bits)
            case (3, .number(let number)):
                guard let known = PieceType(rawValue: number) else { throw reader.malformed }
                type = known
            case (1...3, _): throw reader.malformed
            default: continue
            }
        }
        guard !text.isEmpty, score.isFinite else { throw reader.malformed }
        guard text.count <= Self.longestPiece else {
            throw .pieceTooLong(file: name, count: text.count, limit: Self.longestPiece)
        }
        guard UTF8Check.isValid(Array(bytes[text])) else { throw .malformedText(file: name) }
        pieces.append(bytes[text])
        scores.append(score)
        types.append(type)
    }

    private mutating func readTrainer(_ bytes: [UInt8], _ range: Range<Int>) throws(TokenizationError) {
        var reader = ProtobufReader(bytes, range: range, file: name)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (3, .number(let number)): modelType = number
            case (24, .number(let number)): normalizer.endsWithBlank = number != 0
            case (35, .number(let number)): hasByteFallback = number != 0
            case (46, .bytes(let range)) where !range.isEmpty: beginningPiece = Array(bytes[range])
            case (47, .bytes(let range)) where !range.isEmpty: endPiece = Array(bytes[range])
            case (3, _), (24, _), (35, _), (46, _), (47, _): throw reader.malformed
            default: continue
            }
        }
    }

    private mutating func readNormalizer(_ bytes: [UInt8], _ range: Range<Int>) throws(TokenizationError) {
        var reader = ProtobufReader(bytes, range: range, file: name)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (2, .bytes(let range)) where !range.isEmpty:
                guard let map = CharacterMap(Array(bytes[range])) else {
                    throw .malformedCharacterMap(file: name)
                }
                normalizer.map = map
            case (2, .bytes): continue
            case (3, .number(let number)): normalizer.addsBlank = number != 0
            case (4, .number(let number)): normalizer.collapsesBlanks = number != 0
            case (5, .number(let number)): normalizer.showsBlanks = number != 0
            case (2...5, _): throw reader.malformed
            default: continue
            }
        }
    }

    /// How the network counts the pieces' ids.
    enum Numbering {
        /// Those of the file.
        case asWritten
        /// fairseq's ids, which XLM-R uses: four special tokens, then the file's pieces from the fourth on, then
        /// `<mask>`.
        case fairseq
    }

    /// The vocabulary and the model that the file describes.
    struct Contents {
        var model: PieceModel
        var normalizer: SentencePieceNormalizer
        /// One more than the largest id, with and without user-defined symbols.
        var count: Int
        var plainCount: Int
        var unknown: Int32
        var beginning: Int32?
        var end: Int32?
        /// The special tokens that the numbering adds.
        var named: [(text: String, id: Int32)]
    }

    /// Makes the vocabulary, and checks it as sentencepiece does.
    func contents(numbering: Numbering) throws(TokenizationError) -> Contents {
        var list = PieceList()
        var (ids, scores, kinds): ([Int32], [Float], [UnigramModel.Kind]) = ([], [], [])
        var userDefined = PieceList()
        var reserved: [[UInt8]: Int32] = [:]
        var unknown: Int32?
        var plainCount = 0
        for place in 0..<pieces.count {
            let id = Int32(place) + (numbering == .fairseq ? 1 : 0)
            let kind: UnigramModel.Kind
            switch types[place] {
            case .normal: kind = .normal
            case .userDefined: kind = .userDefined
            case .unused: kind = .unused
            case .unknown, .control, .byte:
                guard reserved.updateValue(id, forKey: Array(pieces[place])) == nil else {
                    throw .duplicateToken(file: name, token: pieces.shown(place))
                }
                if types[place] == .unknown {
                    guard unknown == nil else {
                        throw .duplicateToken(file: name, token: pieces.shown(place))
                    }
                    unknown = numbering == .fairseq ? 3 : id
                }
                continue
            }
            list.append(pieces[place])
            ids.append(id)
            scores.append(self.scores[place])
            kinds.append(kind)
            if kind == .userDefined { userDefined.append(pieces[place]) } else { plainCount = Int(id) + 1 }
        }
        guard let unknown else { throw .missingSpecialToken(file: name, token: "<unk>") }
        guard list.count > 0 else { throw .missingField(file: name, field: "pieces") }
        let table = PieceTable(list)
        if let place = table.repeated { throw .duplicateToken(file: name, token: list.shown(place)) }
        let symbols = userDefined.count > 0 ? PieceTable(userDefined) : nil
        var normalizer = normalizer
        normalizer.userDefined = symbols
        let bytes = hasByteFallback ? ByteTokens { reserved[$0] } : nil
        if let byte = bytes?.firstMissing {
            throw .missingByteToken(
                file: name,
                token: String(decoding: ByteTokens.name(of: byte), as: UTF8.self)
            )
        }
        let model: PieceModel
        switch modelType {
        case Self.unigram:
            model = .unigram(
                UnigramModel(
                    table: table,
                    ids: ids,
                    scores: scores,
                    kinds: kinds.contains { $0 != .normal } ? kinds : [],
                    unknown: unknown,
                    bytes: bytes
                )
            )
        case Self.bytePairs:
            model = .scoredMerges(
                ScoredMergeModel(
                    table: table,
                    ids: ids,
                    scores: scores,
                    kinds: kinds,
                    userDefined: symbols,
                    unknown: unknown,
                    bytes: bytes
                )
            )
        default:
            throw .unsupportedStep(file: name, found: "a model of words or characters (type \(modelType))")
        }
        var contents = Contents(
            model: model,
            normalizer: normalizer,
            count: pieces.count,
            plainCount: plainCount,
            unknown: unknown,
            beginning: reserved[beginningPiece],
            end: reserved[endPiece],
            named: []
        )
        if numbering == .fairseq {
            guard pieces.count > 3 else { throw .missingField(file: name, field: "pieces") }
            contents.count += 2
            contents.plainCount = contents.count
            (contents.beginning, contents.end) = (0, 2)
            let mask = Int32(pieces.count + 1)
            contents.named = [("<s>", 0), ("<pad>", 1), ("</s>", 2), ("<unk>", 3), ("<mask>", mask)]
        } else {
            contents.named = reserved.map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
        }
        return contents
    }
}
