/// Makes a tokenizer from `tokenizer.json`, as the transformers class for it would.
struct PieceAssembly {
    private let file: PieceFile
    private let directory: TokenizerDirectory
    private let table: PieceTable
    private var kind: TokenizerClass { directory.tokenizerClass }

    init(file: PieceFile, directory: TokenizerDirectory) throws(TokenizationError) {
        self.file = file
        self.directory = directory
        table = PieceTable(file.pieces)
        // In a list, the last of several equal pieces counts, as in the reference; an object may not repeat a name.
        if !file.ids.isEmpty, let place = table.repeated {
            throw .duplicateToken(file: file.name, token: file.pieces.shown(place))
        }
    }

    func tokenizer() throws(TokenizationError) -> PieceTokenizer {
        let model = try model()
        let specials = try directory.specials(listed: file.added, file: file.name, id: id(of:))
        var names: [[UInt8]: Int32] = [:]
        let placed = specials.filter { $0.id < SpecialTokens.firstUnplaced }
        for token in placed { names[token.text] = token.id }
        func task(_ name: String) -> Int32? {
            directory.name(name).flatMap { names[$0] ?? id(of: $0) }
        }
        func required(_ name: String) throws(TokenizationError) -> Int32 {
            guard !directory.settings.vacant.contains(name), let id = task(name) else {
                let token = directory.name(name).map(VocabularyBuilder.shown)
                throw .missingSpecialToken(file: file.name, token: token ?? name)
            }
            return id
        }
        let template: SequenceTemplate
        switch kind {
        case .t5: template = SequenceTemplate(after: [try required("eos_token")])
        case .xlmRoberta:
            template = SequenceTemplate(
                before: [try required("bos_token")],
                after: [try required("eos_token")]
            )
        case .bert:
            template = SequenceTemplate(
                before: [try required("cls_token")],
                after: [try required("sep_token")]
            )
        default: template = file.template?.template ?? SequenceTemplate()
        }
        let ids = file.ids.isEmpty ? Int32(file.pieces.count) - 1 : file.ids.max() ?? 0
        let around = (template.before + template.after).max() ?? 0
        let largest = max(ids, placed.map(\.id).max() ?? 0, around)
        var tokenizer = try PieceTokenizer(
            file: file.name,
            steps: steps,
            wordSteps: wordSteps,
            model: model,
            template: template,
            specials: specials,
            count: Int(largest) + 1,
            plainCount: plainCount(without: Set(specials.map(\.id)))
        )
        tokenizer.joinsWords = joinsWords
        tokenizer.padsLeft = file.padsLeft ?? kind.padsLeft
        tokenizer.unknown = task("unk_token")
        tokenizer.padding = task("pad_token") ?? file.paddingToken.flatMap { names[$0] ?? id(of: $0) }
        tokenizer.separator = task("sep_token")
        tokenizer.typedNames = typedNames(specials, from: tokenizer.plainCount)
        return tokenizer
    }

    /// The id of a token of the model.
    private func id(of token: [UInt8]) -> Int32? {
        table.place(of: token).map { file.ids.isEmpty ? Int32($0) : file.ids[$0] }
    }

    /// The names of the tokens from some id on, up to the number that is worth keeping.
    private func typedNames(_ specials: [SpecialTokens.Token], from first: Int) -> [Int32: [UInt8]] {
        var names: [Int32: [UInt8]] = [:]
        if file.ids.isEmpty, first < file.pieces.count {
            for place in (first..<file.pieces.count).prefix(PieceTokenizer.mostTypedNames) {
                names[Int32(place)] = Array(file.pieces[place])
            }
        }
        for token in specials where token.id >= first { names[token.id] = token.text }
        return names
    }

    private func plainCount(without specials: Set<Int32>) -> Int {
        let marker = Array("<extra_id_".utf8)
        for place in (0..<file.pieces.count).reversed() where file.ids.isEmpty {
            let piece = file.pieces[place]
            if !specials.contains(Int32(place)), !piece.starts(with: marker),
                !piece.dropFirst(3).starts(with: marker)
            {
                return place + 1
            }
        }
        return Int(file.ids.lazy.filter { !specials.contains($0) }.max() ?? -1) + 1
    }

    /// The steps before the model; transformers' classes use their own, and only the character table from the file.
    ///
    /// The steps of the T5 and XLM-R classes imitate sentencepiece and differ from it in details; here sentencepiece
    /// itself is followed.
    private var steps: [TextStep] {
        let blanks = TextStep.replace([0x20], by: SentencePieceNormalizer.mark)
        switch kind {
        case .gemma: return [blanks]
        case .siglip2: return [.lowerCase, blanks]
        case .t5, .xlmRoberta:
            var normalizer = SentencePieceNormalizer()
            for case .map(let map) in file.steps where normalizer.map == nil {
                normalizer.map = map
            }
            // If transformers writes no blank before the first word, it writes none before the others either.
            // sentencepiece has no such setting.
            if writesNoBlanks { return normalizer.map.map { [TextStep.map($0)] } ?? [] }
            return [.sentencePiece(normalizer)]
        case .bert:
            let settings = directory.settings
            let lowersCase = settings.lowersCase ?? true
            return [
                .bert(
                    BERTNormalizer(
                        separatesChinese: settings.separatesChinese ?? true,
                        stripsAccents: settings.stripsAccents ?? lowersCase,
                        lowersCase: lowersCase
                    )
                )
            ]
        default: return file.steps
        }
    }

    private var writesNoBlanks: Bool { kind == .xlmRoberta && directory.settings.addsPrefix == false }

    private var wordSteps: [WordStep] {
        switch kind {
        case .gemma, .siglip2: return [.split(at: [0x20], .withPrevious)]
        case .xlmRoberta where writesNoBlanks:
            return [.whiteSpace, .marks(SentencePieceNormalizer.mark, prefix: .never, divides: true)]
        case .t5, .xlmRoberta: return []
        case .bert: return [.bert]
        default: return file.wordSteps
        }
    }

    /// Whether all words of a text may be read at once if they begin with a mark.
    ///
    /// Scores are then summed up over all words, as in sentencepiece, which rounds differently. Nothing else changes if
    /// the mark itself is a piece, so that no unknown character spans two words, and if no piece has a mark after its
    /// beginning.
    private var joinsWords: Bool {
        let steps = wordSteps
        guard file.ids.isEmpty, case .marks(let mark, let prefix, _) = steps.last, let first = mark.first,
            steps.dropLast().allSatisfy({ if case .whiteSpace = $0 { true } else { false } }),
            // Otherwise words that white space divides have no mark between them.
            prefix == .always || steps.count == 1,
            table.place(of: mark) != nil
        else { return false }
        return (0..<file.pieces.count).allSatisfy { place in
            var rest = file.pieces[place].dropFirst(mark.count)
            while let start = rest.firstIndex(of: first) {
                if rest[start...].starts(with: mark) { return false }
                rest = rest[(start + 1)...]
            }
            return true
        }
    }

    private func model() throws(TokenizationError) -> PieceModel {
        let isList = file.ids.isEmpty
        switch (kind, file.modelType) {
        case (.t5, "Unigram"), (.xlmRoberta, "Unigram"), (.siglip, "Unigram"), (.asWritten, "Unigram"),
            (.t5, ""), (.xlmRoberta, ""), (.siglip, ""):
            guard isList else { throw .missingField(file: file.name, field: "model.vocab") }
            return .unigram(try unigram())
        case (.gemma, "BPE"), (.siglip2, "BPE"), (.asWritten, "BPE"):
            guard !isList else { throw .missingField(file: file.name, field: "model.vocab") }
            return .merges(try merges())
        case (.bert, "WordPiece"), (.asWritten, "WordPiece"):
            guard !isList else { throw .missingField(file: file.name, field: "model.vocab") }
            return .wordPieces(try wordPieces())
        default:
            let name = directory.settings.className
            if name == nil, let standard = directory.recipe.defaultClass {
                throw .missingField(
                    file: "tokenizer_config.json",
                    field: "tokenizer_class, and \(standard) has no model \(file.modelType.tamed)"
                )
            }
            let found = "the model \(file.modelType) for \(name ?? "this tokenizer")"
            throw .unsupportedStep(file: file.name, found: found)
        }
    }

    private func bytes(unless isAlways: Bool) throws(TokenizationError) -> ByteTokens? {
        isAlways || file.flags["byte_fallback"] == true ? ByteTokens(id(of:)) : nil
    }

    private func unigram() throws(TokenizationError) -> UnigramModel {
        let unknown =
            switch kind {
            case .t5: 2
            case .xlmRoberta: 3
            default: file.unknownID
            }
        guard let unknown, 0..<file.pieces.count ~= unknown else {
            throw .missingSpecialToken(file: file.name, token: "unk_id")
        }
        let isOfClass = kind == .t5 || kind == .xlmRoberta
        return UnigramModel(
            table: table,
            scores: file.scores,
            unknown: Int32(unknown),
            bytes: isOfClass ? nil : try bytes(unless: false)
        )
    }

    private func merges() throws(TokenizationError) -> MergeModel {
        if file.flags["ignore_merges"] == true, kind == .asWritten {
            throw .unsupportedStep(file: file.name, found: "model.ignore_merges")
        }
        if let mark = file.continuationMark, !mark.isEmpty {
            throw .unsupportedStep(file: file.name, found: "model.continuing_subword_prefix")
        }
        var merges = MergeTable(capacity: file.merges.count / 2)
        var joined: [UInt8] = []
        for number in 0..<(file.merges.count / 2) {
            let (left, right) = (file.merges[2 * number], file.merges[2 * number + 1])
            joined.removeAll(keepingCapacity: true)
            joined += left
            joined += right
            guard let first = table.place(of: left), let second = table.place(of: right),
                let made = table.place(of: joined)
            else { throw .unknownToken(file: file.name, number: number + 1) }
            guard merges.append(file.ids[first], file.ids[second], making: file.ids[made]) else {
                throw .duplicateMerge(file: file.name, number: number + 1)
            }
        }
        var characters = PieceList()
        var ids: [Int32] = []
        for place in 0..<file.pieces.count {
            let piece = file.pieces[place]
            guard let first = piece.first, UnigramModel.length(ofCharacter: first) == piece.count else {
                continue
            }
            characters.append(piece)
            ids.append(file.ids[place])
        }
        let isOfClass = kind != .asWritten
        let unknown: Int32?
        if let name = isOfClass ? directory.name("unk_token") : file.unknownToken {
            guard let id = id(of: name) else {
                throw .missingSpecialToken(file: file.name, token: VocabularyBuilder.shown(name))
            }
            unknown = id
        } else {
            unknown = nil
        }
        return MergeModel(
            characters: PieceTable(characters),
            ids: ids,
            merges: merges,
            bytes: try bytes(unless: isOfClass),
            unknown: unknown,
            fusesUnknown: isOfClass || file.flags["fuse_unk"] == true
        )
    }

    private func wordPieces() throws(TokenizationError) -> WordPieceModel {
        // The class uses only the vocabulary of the file's model.
        let isOfClass = kind == .bert
        let mark = isOfClass ? Array("##".utf8) : file.continuationMark ?? Array("##".utf8)
        let longestWord = isOfClass ? 100 : file.longestWord
        let name = (isOfClass ? directory.name("unk_token") : file.unknownToken) ?? Array("[UNK]".utf8)
        guard !(isOfClass && directory.settings.vacant.contains("unk_token")), let unknown = id(of: name)
        else {
            throw .missingSpecialToken(file: file.name, token: VocabularyBuilder.shown(name))
        }
        guard !mark.isEmpty, 0...1 << 16 ~= longestWord else {
            throw .unsupportedStep(file: file.name, found: "model.continuing_subword_prefix without a mark")
        }
        var continuations = PieceList()
        var ids: [Int32] = []
        for place in 0..<file.pieces.count where file.pieces[place].starts(with: mark) {
            continuations.append(file.pieces[place].dropFirst(mark.count))
            ids.append(file.ids[place])
        }
        return WordPieceModel(
            beginnings: table,
            beginningIDs: file.ids,
            continuations: PieceTable(continuations),
            continuationIDs: ids,
            unknown: unknown,
            longestWord: longestWord
        )
    }
}
